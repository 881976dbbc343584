#!/usr/bin/env bash
# Installs what `npm run test:fuzz` needs (Python 3.10 or newer) into .cache/fuzzer: once, and again when the list changes.
set -euo pipefail
cd "$(dirname "$0")/.."
target=.cache/fuzzer
if cmp -s test/fuzz/requirements.txt "$target/installed.txt"; then exit 0; fi
echo "Installing the fuzzer into $target ..."
rm -rf "$target"
python3 -m venv "$target"
"$target/bin/pip" install --quiet --disable-pip-version-check --no-deps -r test/fuzz/requirements.txt
cp test/fuzz/requirements.txt "$target/installed.txt"
