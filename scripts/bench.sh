#!/usr/bin/env bash
# Builds the benchmarks and runs them: one JSON object per line on standard output, a table and all else on standard error.
#
# usage: scripts/bench.sh [NAME...]    all without a name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
{
  . scripts/setup.sh
  cmake --preset release
  cmake --build --preset release --target benches -- --quiet
} >&2
exec build/release/bench/bulkhead_bench "$@"
