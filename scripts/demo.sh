#!/usr/bin/env bash
# Makes thumbnails of real pictures, among them files that crash, hang or fill up a decoder. Each decoder is a worker process.
#
# usage: scripts/demo.sh [FOLDER]    takes the pictures of FOLDER instead of those of Debian's package xplanet-images
set -euo pipefail
folder=${1:+$(realpath -e "$1")}
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script_name=demo
. scripts/setup.sh
set_up
say "building the example thumbnails"
build_preset release thumbnails thumbnails_hostile_files || exit 1
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
say "${#pictures[@]} pictures and the hostile files are in $PWD/$in"

status=0
"$bin/thumbnails" "$in" "$out" || status=$?
# 1 says that some file failed: the hostile ones do.
[[ $status -le 1 ]] || fail "the batch did not end as it should: exit status $status"
if [[ -z $folder ]]; then
  for picture in "${pictures[@]}"; do
    name=$(basename "${picture%.*}")
    compgen -G "$out/$name*" >/dev/null || fail "no thumbnail of $picture"
  done
fi
