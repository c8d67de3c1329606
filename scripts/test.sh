#!/usr/bin/env bash
# Builds Bulkhead and runs its tests. The last line says how many tests passed, over all builds.
#
# usage: scripts/test.sh          with AddressSanitizer and UndefinedBehaviorSanitizer (preset dev)
#        scripts/test.sh --all    also the optimised build with the examples and the benchmarks' programs (preset release),
#                                 and the layers below CAF with ThreadSanitizer (preset tsan)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in
  "") presets=(dev) ;;
  --all) presets=(dev release tsan) ;;
  *) sed -n '2,7s/^# \?//p' "$0" >&2; exit 2 ;;
esac

started=$SECONDS
. scripts/setup.sh

step() { # $1: what, as the user shall read it; the rest: the command
  local what=$1 begun=$SECONDS
  shift
  printf '[test] %s\n' "$what"
  "$@"
  printf '[test] %s: %d s\n' "$what" $((SECONDS - begun))
}

quietly() { # shows the command's output only if it fails
  "$@" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
}

# More than there are cores, since most tests wait most of the time.
run_tests() { ctest --preset "$1" --parallel "$((2 * $(nproc)))" 2>&1 | tee "$log"; }

mkdir -p build
log=$(mktemp build/test.XXXXXX)
trap 'rm -f "$log"' EXIT

passed=0
for preset in "${presets[@]}"; do
  step "$preset: configure" quietly cmake --preset "$preset"
  step "$preset: build" cmake --build --preset "$preset" -- --quiet
  step "$preset: run the tests" run_tests "$preset"
  count=$(sed -n 's/^100% tests passed, 0 tests failed out of \([0-9]*\)$/\1/p' "$log")
  passed=$((passed + count))
done
printf '[test] %s: everything done in %d s\n\n' "${presets[*]}" $((SECONDS - started))
printf '100%% tests passed, 0 tests failed out of %d\n' "$passed"
