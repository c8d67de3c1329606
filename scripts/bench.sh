#!/usr/bin/env bash
# Builds the benchmarks and runs them: one JSON object per line on standard output, a table and all else on standard error.
#
# usage: scripts/bench.sh [NAME...]    all without a name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script_name=bench
. scripts/setup.sh
{
  set_up
  build_preset release benches
} >&2
exec build/release/bench/bulkhead_bench "$@"
