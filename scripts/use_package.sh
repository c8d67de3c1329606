#!/usr/bin/env bash
# Builds the small application that comes with Bulkhead's package, with CMake and with pkg-config, and runs both.
#
# usage: scripts/use_package.sh PREFIX FOLDER    PREFIX: where the package is installed, /usr or another; FOLDER: to build in
set -euo pipefail
[[ $# -eq 2 ]] || { sed -n '2,4s/^# \?//p' "$0" >&2; exit 2; }
prefix=$1
folder=$2
sources=$prefix/share/doc/bulkhead/examples/outside
mkdir -p "$folder"
command -v make >/dev/null || export CMAKE_GENERATOR=Ninja

with_cmake() {
  cmake -S "$sources" -B "$folder/cmake" -DCMAKE_PREFIX_PATH="$prefix" && cmake --build "$folder/cmake"
}

# The words of pkg-config are quoted for a shell.
with_pkg_config() {
  local words
  words=$(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --cflags --libs bulkhead)
  eval "g++ -std=c++20 -o \"\$folder/outside\" \"\$sources/main.cpp\" $words"
}

with_cmake &
with_pkg_config
wait $!
for program in "$folder/cmake/outside" "$folder/outside"; do
  [[ $("$program") == 49 ]] || { echo "error: $program does not print 49" >&2; exit 1; }
done
echo "both applications run"
