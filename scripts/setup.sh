#!/usr/bin/env bash
# Makes a bare Debian 12 machine ready to build Bulkhead: installs packages, and builds CAF 0.18.7 once into the
# user's cache unless an installed one is found. Quick when there is nothing to do.
#
# usage: scripts/setup.sh            prints what it does, and where CAF is
#        CAF_ROOT=DIR scripts/...    uses the CAF 0.18.7 that is installed in DIR
set -euo pipefail

packages=(g++ cmake ninja-build libboost1.81-dev libdw-dev catch2 libjpeg62-turbo-dev libpng-dev xplanet-images xz-utils
          ca-certificates debian-archive-keyring)

caf_version=0.18.7
caf_source_version=0.18.7-1~exp1
caf_flags=(-DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_STANDARD=20 -DBUILD_SHARED_LIBS=OFF
           -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCAF_ENABLE_EXAMPLES=OFF -DCAF_ENABLE_TESTING=OFF
           -DCAF_ENABLE_TOOLS=OFF -DCAF_ENABLE_OPENSSL_MODULE=OFF -DCAF_ENABLE_IO_MODULE=ON
           -DCAF_ENABLE_ACTOR_PROFILER=ON) # tells when a message was handled, which back pressure needs
# Several sources at once take half the time; in batches of ten none of CAF's local names meet.
caf_build_flags=(-DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=10)

say() { printf '[setup] %s\n' "$*"; }
fail() { printf '[setup] error: %s\n' "$*" >&2; exit 1; }

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

install_packages() {
  missing=()
  local package
  for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -eq 0 ]] && return
  say "installing packages: ${missing[*]} (about a minute)"
  local log
  log=$(mktemp)
  if ! { as_root apt-get update -qq &&
         as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
       >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "apt-get could not install: ${missing[*]}"
  fi
  rm -f "$log"
}

# Debian's experimental suite carries the upstream tarball of CAF. A private configuration reaches it, so that the
# system's own sources, preferences and package lists stay as they are.
download_caf() { # $1: empty directory; leaves the tarball in it
  local apt=$1/apt mirror suite=experimental
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 2>/dev/null | head -n 1) || true
  [[ -n $mirror ]] || mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -E '/debian/?$' | head -n 1) || true
  [[ -n $mirror ]] || fail "apt has no Debian mirror configured: add one to its sources list and run apt-get update"
  mkdir -p "$apt"/{state/lists/partial,cache/archives/partial,parts}
  printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "$suite" \
    >"$apt/sources.list"
  : >"$apt/status"
  local options=(-o "Dir::Etc::SourceList=$apt/sources.list" -o "Dir::Etc::SourceParts=$apt/parts"
                 -o "Dir::Etc::Preferences=/dev/null" -o "Dir::Etc::PreferencesParts=$apt/parts"
                 -o "Dir::State=$apt/state" -o "Dir::State::Status=$apt/status" -o "Dir::Cache=$apt/cache"
                 -o "APT::Sandbox::User=root" -qq)
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
  cmake -S "$probe" -B "$probe/build" ${CAF_ROOT:+-DCAF_ROOT="$CAF_ROOT"} >/dev/null 2>&1 && ok=0
  rm -rf "$probe"
  return $ok
}

cached_caf() { # prints where the CAF that this compiler and these flags make belongs
  local compiler key
  compiler=$(${CXX:-c++} -dumpfullversion -dumpversion)-$(basename "$(readlink -f "$(command -v "${CXX:-c++}")")")
  key=$(printf '%s\n' "$compiler" "${caf_flags[@]}" "${CXXFLAGS:-}" | sha256sum | cut -c1-12)
  printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/bulkhead/caf-$caf_version-$key"
}

build_caf() ( # $1: where to; in a subshell, so that the lock and the trap end with it
  mkdir -p "$(dirname "$1")"
  exec 9>"$1.lock"
  flock 9
  [[ -e $1/.complete ]] && return # somebody else built it meanwhile
  say "building CAF $caf_version into the user's cache (once, about two minutes on two cores)"
  started=$SECONDS
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  download_caf "$work" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "CAF's source could not be downloaded"; }
  tar -xf "$work"/actor-framework_*.orig.tar.* -C "$work"
  rm -rf "$1" "$1.new"
  { cmake -G Ninja -S "$work"/actor-framework-*/ -B "$work/build" "${caf_flags[@]}" "${caf_build_flags[@]}" \
          -DCMAKE_INSTALL_PREFIX="$1.new" &&
    cmake --build "$work/build" && cmake --install "$work/build"; } >"$work/log" 2>&1 ||
    { tail -n 40 "$work/log" >&2; fail "CAF does not build, see above"; }
  mv "$1.new" "$1"
  touch "$1/.complete"
  say "built CAF in $((SECONDS - started)) s"
)

main() {
  [[ $(uname -s) == Linux ]] || fail "Bulkhead runs on Linux only (it needs sealed memfds and pidfds)"
  if command -v apt-get >/dev/null; then
    install_packages
  else
    say "no apt-get here: expecting the packages' equivalents to be installed: ${packages[*]}"
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
    command -v apt-get >/dev/null || fail "install CAF $caf_version, built with
               -DCAF_ENABLE_ACTOR_PROFILER=ON, and set CAF_ROOT to its prefix"
    build_caf "$cached"
  fi
  export CAF_ROOT=$cached # for the scripts that source this one
}

main
if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  say "ready${CAF_ROOT:+; to use CMake by hand: export CAF_ROOT=$CAF_ROOT}"
fi
