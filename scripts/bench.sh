#!/usr/bin/env bash
# Builds the benchmarks and runs them: one JSON object per line on standard output, a table and all else on standard error.
#
# usage: scripts/bench.sh [NAME...]    all without a name
#        scripts/bench.sh --plot       runs all, and writes the run to docs/benchmarks/run.json; makes the plots beside it, the tables
#                                      of docs/benchmarks.md and the figures of README.md from it. Takes about ten minutes
#        scripts/bench.sh --plot-only  makes these from docs/benchmarks/run.json, and measures nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script_name=bench
. scripts/setup.sh

run=docs/benchmarks/run.json

measure() { # to $run, with what the machine is in its first line
  local load cpu
  load=$(cut -d' ' -f1 /proc/loadavg)
  cpu=$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)
  printf '{"name": "machine", "cpu": "%s", "cores": "%s", "kernel": "%s", "compiler": "%s", "load": "%s", "date": "%s"}\n' \
    "${cpu:-$(uname -m)}" "$(nproc)" "$(uname -r | cut -d- -f1)" "$("${CXX:-c++}" --version | head -n 1)" "$load" "$(date -u +%F)" \
    >"$run.new"
  build/release/bench/bulkhead_bench >>"$run.new"
  mv "$run.new" "$run"
}

make_page() {
  bench/page/make.sh build/release/bench/bulkhead_bench
  say "made docs/benchmarks/*.svg and the tables of docs/benchmarks.md and README.md from $run"
}

case ${1:-} in
  --plot | --plot-only)
    [[ $# -eq 1 ]] || { sed -n '4,7s/^# \?//p' "$0" >&2; exit 2; }
    command -v gnuplot >/dev/null || fail "gnuplot is missing, which makes the plots: apt-get install gnuplot-nox"
    ;;
esac
{
  set_up
  build_preset release benches
} >&2
case ${1:-} in
  --plot) measure; make_page ;;
  --plot-only) make_page ;;
  *) exec build/release/bench/bulkhead_bench "$@" ;;
esac
