#!/usr/bin/env bash
# Checks what no test sees.
#
# usage: scripts/check.sh [NAME...]    all without a name
#   format      every source file is as clang-format would write it
#   docs        Doxygen makes the API reference in build/docs, and misses no comment and no parameter
#   clang       clang builds the framework, the ready-made actors and an example without a warning, and the example runs
#   tidy        clang-tidy has nothing to say of the framework's sources
#   users       an application builds Bulkhead without presets, in a path with a space; what cannot work says why
#   deb         scripts/package.sh makes a package, against which an application builds with CMake and with pkg-config
#   packages    what the builds include and link comes from the packages that scripts/setup.sh installs
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script_name=check
. scripts/setup.sh

check_format() {
  git ls-files '*.cpp' '*.hpp' | xargs clang-format --dry-run -Werror 2>build/logs/format.log || {
    grep -m 20 error: build/logs/format.log >&2 || true
    fail "these files are not formatted: run scripts/format.sh"
  }
}

check_docs() {
  rm -rf build/docs
  mkdir -p build/docs
  doxygen docs/Doxyfile
  # What a function returns is what its first sentence says.
  if grep -v 'return type of member' build/logs/docs.log >build/logs/docs-missing.log; then
    head -n 20 build/logs/docs-missing.log >&2
    fail "the API reference is not complete; all complaints: build/logs/docs-missing.log"
  fi
}

check_clang() {
  build_preset clang bulkhead_facade bulkhead_actors 01_hello_heavy || exit 1
  ctest --test-dir build/clang -R '^example: 01_hello_heavy$' --no-tests=error --output-on-failure >build/logs/clang-run.log 2>&1 ||
    { tail -n 20 build/logs/clang-run.log >&2; fail "the example that clang has built does not run"; }
}

# Reads the sources in the batches of the clang build, whose precompiled headers must be there.
check_tidy() {
  build_preset clang bulkhead_facade bulkhead_actors || exit 1
  find build/clang/framework build/clang/actors -path '*/Unity/*.cxx' -print0 |
    xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/clang --quiet >build/logs/tidy.log 2>build/logs/tidy-progress.log || {
      grep -m 20 -A 3 -E '(warning|error): ' build/logs/tidy.log build/logs/tidy-progress.log >&2 || true
      fail "clang-tidy has findings; all of them: build/logs/tidy.log"
    }
}

check_users() {
  env -u HOME -u CAF_DIR cmake -DBULKHEAD_SOURCE="$PWD" -DFOLDER="$PWD/build/users of bulkhead" -DCAF_ROOT="$CAF_ROOT" \
    -P tests/install/check_users.cmake >build/logs/users.log 2>&1 ||
    { first_error build/logs/users.log >&2; fail "an application cannot use Bulkhead; the whole log: build/logs/users.log"; }
}

check_deb() {
  scripts/package.sh >build/logs/deb.log 2>&1 || { first_error build/logs/deb.log >&2; exit 1; }
  local package folder="$PWD/build/from the package"
  package=$(echo build/release/packages/libbulkhead-dev_*.deb)
  rm -rf "$folder"
  mkdir -p "$folder"
  dpkg-deb -x "$package" "$folder/root"
  if grep -rIlF "$PWD" "$folder/root" >&2; then
    fail "these files of $package name a path of this machine"
  fi
  env -u CAF_ROOT -u CAF_DIR scripts/use_package.sh "$folder/root/usr" "$folder" >build/logs/deb.log 2>&1 ||
    { first_error build/logs/deb.log >&2; fail "no application can be built from $package; the whole log: build/logs/deb.log"; }
}

# Every header that a build read, and every library that its programs load, belongs to a package of scripts/setup.sh or to
# one that such a package depends on. What is installed for these checks only does not count.
check_packages() {
  local build files allowed owners former strangers
  allowed=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
              "${packages[@]}" | grep -vE '^[ |]|^<' | sort -u
            dpkg-query -W -f '${binary:Package} ${Essential}\n' | sed -n 's/ yes$//p')
  for build in dev release; do
    [[ -e build/$build/build.ninja ]] || continue
    files=$(ninja -C "build/$build" -t deps | sed -n 's/^ *\(\/usr\/[^ ]*\)$/\1/p' | sort -u | xargs -r realpath | sort -u
            find "build/$build" -type f -executable -name '[a-z]*' ! -name '*.so*' ! -name '*.sh' -size +100k -print0 |
              xargs -0 -r ldd 2>/dev/null | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u | xargs -r realpath | sort -u)
    [[ $(wc -l <<<"$files") -gt 1000 ]] || fail "build/$build names too few of its headers to tell anything: build it first"
    owners=$(xargs dpkg -S <<<"$files" 2>&1 || true)
    # Debian 12 has moved /lib to /usr/lib, but dpkg knows many files by their former place.
    former=$(sed -n 's/^dpkg-query: no path found matching pattern \/usr//p' <<<"$owners")
    owners+=$'\n'$([[ -z $former ]] || xargs dpkg -S <<<"$former" 2>&1 || true)
    strangers=$(grep -vE '^$|^diversion by|no path found matching pattern /usr/' <<<"$owners" |
                sed -E 's/:[a-z0-9]+(: |, )/\1/g; s/^dpkg-query: no path found matching pattern /no package: /' |
                awk -F': ' -v allowed="$allowed" '
                  BEGIN { split(allowed, names, "\n"); for (i in names) { sub(/:.*/, "", names[i]); known[names[i]] = 1 } }
                  { n = split($1, owners, ", "); ours = 0; for (i = 1; i <= n; ++i) ours += owners[i] in known }
                  !ours { print "  " $2 " is of " $1 }')
    [[ -z $strangers ]] || { head -n 20 <<<"$strangers" >&2; fail "build/$build uses what scripts/setup.sh does not install"; }
  done
}

all=(format docs clang tidy users deb packages)
for name in "$@"; do
  [[ " ${all[*]} " == *" $name "* ]] || { sed -n '2,12s/^# \?//p' "$0" >&2; exit 2; }
done
set_up --checks
mkdir -p build/logs
for name in "${@:-${all[@]}}"; do
  begun=$SECONDS
  "check_$name"
  say "$name: $((SECONDS - begun)) s"
done
