#!/bin/sh
# Makes a backup of the server whose data are in WARBLE_DATA, while it serves or is stopped, as DIRECTORY/DATE, then
# removes all but the newest KEEP. Ends with an error, and removes nothing, where the backup could not be made.
set -eu
directory=${1:-}
keep=${2:-}
case $directory:$keep in
  :* | *:0 | *: | *:*[!0-9]*)
    echo "usage: backup.sh DIRECTORY KEEP (a number from 1)" >&2
    exit 1
    ;;
esac
umask 077
mkdir -p "$directory"
directory=$(cd "$directory" && pwd)
cd "$(dirname "$0")/.."
node scripts/launch.mjs admin backup "$directory/$(date -u +%Y-%m-%dT%H%M%SZ)"
# What a backup that was killed has left. The server makes one at a time, so none of these is under way.
for left in "$directory"/*Z.partial; do
  rm -rf "$left"
done
# Names are dates, so the order of names is that of time.
for old in $(ls -1 "$directory" | grep -E '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z$' | sort -r | tail -n +"$((keep + 1))"); do
  rm -rf "${directory:?}/$old"
done
