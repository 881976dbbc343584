#!/usr/bin/env bash
# Installs what `npm run test:clients` needs, two generators of clients (npm, and Python 3.11 or newer), into
# .cache/generators: once, and again when their lists change.
set -euo pipefail
cd "$(dirname "$0")/.."
target=.cache/generators
lists=(test/clients/package.json test/clients/package-lock.json test/clients/requirements.txt)
if cat "${lists[@]}" | cmp -s - "$target/installed.txt"; then exit 0; fi
echo "Installing generators of clients into $target ..."
rm -rf "$target"
python3 -m venv "$target"
"$target/bin/pip" install --quiet --disable-pip-version-check --no-deps -r test/clients/requirements.txt
cp test/clients/package.json test/clients/package-lock.json "$target/"
npm ci --prefix "$target" --ignore-scripts --no-audit --no-fund --loglevel=error
cat "${lists[@]}" >"$target/installed.txt"
