#!/usr/bin/env bash
# Checks what no test sees.
#
# usage: scripts/check.sh [NAME...]    all without a name
#   format      every source file is as clang-format would write it
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

# Every header that a build read, and every library that its programs load, belongs to a package of scripts/setup.sh or to
# one that such a package depends on.
check_packages() {
  local build files allowed owner strangers
  allowed=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
              "${packages[@]}" | grep -vE '^[ |]|^<' | sort -u
            dpkg-query -W -f '${binary:Package} ${Essential}\n' | sed -n 's/ yes$//p')
  for build in dev release; do
    [[ -e build/$build/build.ninja ]] || continue
    files=$(ninja -C "build/$build" -t deps | sed -n 's/^ *\(\/usr\/[^ ]*\)$/\1/p' | sort -u | xargs -r realpath | sort -u
            find "build/$build" -type f -executable -name '[a-z]*' ! -name '*.so*' ! -name '*.sh' -size +100k -print0 |
              xargs -0 -r ldd 2>/dev/null | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u | xargs -r realpath | sort -u)
    [[ $(wc -l <<<"$files") -gt 1000 ]] || fail "build/$build names too few of its headers to tell anything: build it first"
    strangers=$(xargs dpkg -S <<<"$files" 2>&1 | sed -E 's/:[a-z0-9]+: /: /; s/^dpkg-query: no path found matching pattern /no package: /' |
                awk -F': ' -v allowed="$allowed" '
                  BEGIN { split(allowed, names, "\n"); for (i in names) { sub(/:.*/, "", names[i]); known[names[i]] = 1 } }
                  !($1 in known) { print "  " $2 " is of " $1 }')
    [[ -z $strangers ]] || { head -n 20 <<<"$strangers" >&2; fail "build/$build uses what scripts/setup.sh does not install"; }
  done
}

all=(format packages)
for name in "$@"; do
  [[ " ${all[*]} " == *" $name "* ]] || { sed -n '2,7s/^# \?//p' "$0" >&2; exit 2; }
done
set_up --checks
mkdir -p build/logs
for name in "${@:-${all[@]}}"; do
  begun=$SECONDS
  "check_$name"
  say "$name: $((SECONDS - begun)) s"
done
