#!/usr/bin/env bash
# Makes thumbnails of real pictures with files among them that crash, hang or fill up a decoder, each in a worker process.
#
# usage: scripts/demo.sh [FOLDER]    takes the pictures of FOLDER instead of those that Debian's xplanet-images has
set -euo pipefail
folder=${1:+$(realpath "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."

. scripts/setup.sh
say() { printf '[demo] %s\n' "$*"; } # instead of setup's
fail() { printf '[demo] error: %s\n' "$*" >&2; exit 1; }
say "building the example thumbnails"
cmake --preset release >/dev/null
cmake --build --preset release --target thumbnails thumbnails_hostile_files -- --quiet
bin=build/release/examples/thumbnails
in=build/demo/pictures
out=build/demo/thumbnails

rm -rf build/demo
mkdir -p "$in" "$out"
if [[ -n $folder ]]; then
  mapfile -t pictures < <(find "$folder" -maxdepth 1 -type f | grep -iE '\.(jpe?g|png)$' | sort)
else
  mapfile -t pictures < <(dpkg -L xplanet-images | grep -iE '\.(jpe?g|png)$' | sort)
fi
[[ ${#pictures[@]} -gt 0 ]] || fail "no pictures (.jpg, .png) in ${folder:-the package xplanet-images}"
cp -- "${pictures[@]}" "$in"
"$bin/thumbnails_hostile_files" "$in"
say "${#pictures[@]} pictures, and hostile files that a decoder should not survive, are in $PWD/$in"

status=0
"$bin/thumbnails" "$in" "$out" || status=$?
# 1 says that some file could not be done: the hostile ones cannot.
[[ $status -le 1 ]] || fail "the batch did not end as it should: exit status $status"
if [[ -z $folder ]]; then
  for picture in "${pictures[@]}"; do
    name=$(basename "${picture%.*}")
    compgen -G "$out/$name*" >/dev/null || fail "no thumbnail of $picture"
  done
fi
say "the thumbnails are in $PWD/$out"
