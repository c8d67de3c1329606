#!/usr/bin/env bash
# Builds Bulkhead and runs its tests. The last line says how many tests passed, over all builds.
#
# usage: scripts/test.sh          with AddressSanitizer and UndefinedBehaviorSanitizer (preset dev)
#        scripts/test.sh --all    also the optimised build with the examples and the benchmarks' programs (preset release),
#                                 the layers below CAF with ThreadSanitizer (preset tsan), scripts/soak.sh for two minutes,
#                                 and scripts/check.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script_name=test
. scripts/setup.sh

case ${1:-} in
  "") presets=(dev) ;;
  --all) presets=(dev release tsan) ;;
  *) sed -n '2,7s/^# \?//p' "$0" >&2; exit 2 ;;
esac

started=$SECONDS
set_up ${1:+--checks}

step() { # $1: the line that the user reads; the rest: the command
  local what=$1 begun=$SECONDS
  shift
  say "$what"
  "$@" || exit 1
  say "$what: $((SECONDS - begun)) s"
}

# More than there are cores, since most tests wait most of the time.
run_tests() { ctest --preset "$1" --parallel "$((2 * $(nproc)))" 2>&1 | tee "build/logs/$1-tests.log"; }

passed=0
if [[ ${1:-} == --all ]]; then
  step "check the format" scripts/check.sh format
fi
for preset in "${presets[@]}"; do
  step "$preset: build" build_preset "$preset"
  step "$preset: run the tests" run_tests "$preset"
  count=$(sed -n 's/^100% tests passed, 0 tests failed out of \([0-9]*\)$/\1/p' "build/logs/$preset-tests.log")
  passed=$((passed + count))
done
if [[ ${1:-} == --all ]]; then
  step "soak for two minutes" scripts/soak.sh 2
  for check in docs clang tidy users deb packages; do
    step "check: $check" scripts/check.sh "$check"
  done
fi
say "${presets[*]}: everything done in $((SECONDS - started)) s"
printf '\n100%% tests passed, 0 tests failed out of %d\n' "$passed"
