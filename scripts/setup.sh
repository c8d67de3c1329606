#!/usr/bin/env bash
# Makes a bare Debian 12 machine ready to build Bulkhead: installs packages, and builds CAF 0.18.7 once into the
# user's cache unless an installed one is found. Quick when there is nothing to do.
#
# usage: scripts/setup.sh             prints what it does, and where CAF is
#        scripts/setup.sh --checks    also installs what CI checks with: clang, clang-format, clang-tidy, Doxygen, pkg-config
#        CAF_ROOT=DIR scripts/...     uses the CAF 0.18.7 that is installed in DIR
#        CAF_TARBALL=FILE scripts/... builds CAF from this file instead of Debian's copy
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/steps.sh"

packages=(g++ cmake ninja-build libboost1.81-dev libdw-dev catch2 libjpeg62-turbo-dev libpng-dev liblcms2-dev xplanet-images xz-utils
          ca-certificates debian-archive-keyring)
packages_for_checks=(clang clang-format clang-tidy doxygen pkgconf)

caf_version=0.18.7
caf_source_version=0.18.7-1~exp1
caf_sha256=d5c3abe8fd67a729aab1baeece10367637d903ba335f4c79378bcadfbcd34552
caf_flags=(-DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=20 -DBUILD_SHARED_LIBS=OFF
           -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCAF_ENABLE_EXAMPLES=OFF -DCAF_ENABLE_TESTING=OFF
           -DCAF_ENABLE_TOOLS=OFF -DCAF_ENABLE_OPENSSL_MODULE=OFF -DCAF_ENABLE_IO_MODULE=ON
           -DCAF_ENABLE_ACTOR_PROFILER=ON) # tells when a message was handled, which back pressure needs
# Ten sources in one take half the time. In CAF's core no local names meet; in its io module they do.
caf_batches=(-DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=10)

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  elif command -v sudo >/dev/null && [[ -t 0 ]]; then
    sudo "$@"
  else
    fail "these packages are missing and need root or sudo to install: ${missing[*]}
               Ask an administrator to run: apt-get install ${missing[*]}"
  fi
}

install_packages() { # the names of packages
  missing=()
  local package
  for package in "$@"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  say "installing packages: ${missing[*]} (about a minute)"
  local log
  log=$(mktemp)
  if ! { as_root apt-get update -qq &&
         as_root env DEBIAN_FRONTEND=noninteractive \
           apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 "${missing[@]}"; } >"$log" 2>&1; then
    first_error "$log" >&2
    fail "apt-get could not install: ${missing[*]}
  the whole log: $log
  try: apt-get install ${missing[*]}. These are names of Debian 12; other systems have other names."
  fi
  rm -f "$log"
}

# Debian's experimental suite carries the upstream tarball of CAF. A private configuration reaches it, so that the
# system's own sources, preferences and package lists stay as they are. A mirror may lag: the tarball's hash counts, not the date.
download_caf() { # $1: empty directory; leaves the tarball in it
  local apt=$1/apt mirror suite=experimental
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 2>/dev/null | head -n 1) || true
  [[ -n $mirror ]] || mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -E '/debian/?$' | head -n 1) || true
  [[ -n $mirror ]] || { echo "E: apt has no Debian mirror configured: add one to its sources and run apt-get update"; return 1; }
  mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,parts}
  printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "$suite" \
    >"$apt/sources.list"
  : >"$apt/status"
  local options=(-o "Dir::Etc::SourceList=$apt/sources.list" -o "Dir::Etc::SourceParts=$apt/parts"
                 -o "Dir::Etc::Preferences=/dev/null" -o "Dir::Etc::PreferencesParts=$apt/parts"
                 -o "Dir::State=$apt/state" -o "Dir::State::Status=$apt/status" -o "Dir::Cache=$apt/cache"
                 -o "APT::Sandbox::User=root" -o "Acquire::Check-Valid-Until=false" -qq)
  apt-get "${options[@]}" update
  (cd "$1" && apt-get "${options[@]}" source --tar-only --download-only "actor-framework=$caf_source_version")
}

caf_is_installed() { # where find_package(CAF) finds the version that we need, without our help
  local probe ok=1
  probe=$(mktemp -d)
  cat >"$probe/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.20)
project(probe CXX)
find_package(CAF $caf_version EXACT REQUIRED COMPONENTS core io)
include(CheckCXXSymbolExists)
set(CMAKE_REQUIRED_LIBRARIES CAF::core)
check_cxx_symbol_exists(CAF_ENABLE_ACTOR_PROFILER caf/config.hpp has_profiler)
if(NOT has_profiler)
  message(FATAL_ERROR "built without CAF_ENABLE_ACTOR_PROFILER")
endif()
END
  cmake -G Ninja -S "$probe" -B "$probe/build" ${CAF_ROOT:+-DCAF_ROOT="$CAF_ROOT"} >/dev/null 2>&1 && ok=0
  rm -rf "$probe"
  return $ok
}

cache_folder() {
  local home=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
  printf '%s\n' "${XDG_CACHE_HOME:-${home:-/nonexistent}/.cache}/bulkhead"
}

cached_caf() { # prints where the CAF that this compiler and this recipe make belongs
  local compiler key
  compiler=$("${CXX:-c++}" --version | head -n 1)
  key=$(printf '%s\n' "$compiler" "${caf_flags[@]}" "${caf_batches[@]}" "${CXXFLAGS:-}" | sha256sum | cut -c1-12)
  printf '%s\n' "$(cache_folder)/caf-$caf_version-$key"
}

compile_caf() { # $1: sources; $2: build folder; $3: prefix; the rest: more flags
  local source=$1 build=$2 prefix=$3
  shift 3
  rm -rf "$build" "$prefix"
  cmake -G Ninja -S "$source" -B "$build" "${caf_flags[@]}" "$@" -DCMAKE_INSTALL_PREFIX="$prefix" &&
    cmake --build "$build" && cmake --install "$build"
}

build_caf() ( # $1: where to; in a subshell, so that the lock and the trap end with it
  mkdir -p "$(dirname "$1")" 2>/dev/null && touch "$1.lock" 2>/dev/null ||
    fail "cannot write to $(dirname "$1"), where the built CAF is kept: set XDG_CACHE_HOME to a folder that you may write to"
  exec 9>"$1.lock"
  flock 9
  [[ -e $1/.complete ]] && return # another process built it in the meantime
  say "building CAF $caf_version into the user's cache (once, about two minutes on two cores)"
  started=$SECONDS
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  log=$1.log
  tarball=${CAF_TARBALL:-}
  if [[ -z $tarball ]]; then
    logged "download CAF's sources" "$log" \
      "get the sources of CAF $caf_version yourself, and set CAF_TARBALL to the file" download_caf "$work" || exit 1
    tarball=$(echo "$work"/actor-framework_*.orig.tar.*)
  fi
  sha256sum --check --status <<<"$caf_sha256  $tarball" 2>/dev/null ||
    fail "$tarball is not CAF $caf_version: its SHA-256 is not $caf_sha256"
  mkdir "$work/source"
  tar -xf "$tarball" -C "$work/source" --strip-components=1
  echo 'set_target_properties(libcaf_io PROPERTIES UNITY_BUILD OFF)' >>"$work/source/libcaf_io/CMakeLists.txt"
  if ! compile_caf "$work/source" "$work/build" "$1.new" "${caf_batches[@]}" 2>&1 | tee "$log" | show_progress; then
    say "CAF does not build in batches with this compiler: building file by file (about three minutes)"
    logged "build CAF $caf_version" "$log" "another compiler (CXX=g++), more memory or disk; or set CAF_ROOT to a CAF $caf_version" \
      compile_caf "$work/source" "$work/build" "$1.new" || exit 1
  fi
  rm -rf "$1"
  mv "$1.new" "$1"
  touch "$1/.complete"
  say "built CAF in $((SECONDS - started)) s"
)

set_up() {
  [[ $(uname -s) == Linux ]] || fail "Bulkhead runs on Linux only (it needs sealed memfds and pidfds)"
  local wanted=("${packages[@]}")
  [[ ${1:-} == --checks ]] && wanted+=("${packages_for_checks[@]}")
  if command -v apt-get >/dev/null; then
    install_packages "${wanted[@]}"
  else
    say "no apt-get here: expecting the packages' equivalents to be installed: ${wanted[*]}"
  fi
  if [[ -n ${CAF_ROOT:-} ]]; then
    caf_is_installed ||
      fail "CAF_ROOT is $CAF_ROOT, but no CAF $caf_version with CAF_ENABLE_ACTOR_PROFILER is there"
    return
  fi
  local cached
  cached=$(cached_caf)
  if [[ ! -e $cached/.complete ]]; then
    caf_is_installed && return
    [[ -n ${CAF_TARBALL:-} ]] || command -v apt-get >/dev/null || fail "install CAF $caf_version, built with
               -DCAF_ENABLE_ACTOR_PROFILER=ON, and set CAF_ROOT to its prefix; or set CAF_TARBALL to its sources"
    build_caf "$cached" || exit 1
  fi
  export CAF_ROOT=$cached # for the scripts that source this one
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  [[ $# -eq 0 || ( $# -eq 1 && $1 == --checks ) ]] || { sed -n '2,9s/^# \?//p' "$0" >&2; exit 2; }
  set_up "$@"
  say "ready${CAF_ROOT:+; to use CMake by hand: export CAF_ROOT=$CAF_ROOT}"
fi
