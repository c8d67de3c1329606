#!/usr/bin/env bash
# Makes plots and tables of the documents from docs/benchmarks/run.json.
#
# usage: bench/page/make.sh PROGRAM            PROGRAM is bulkhead_bench, which says what the targets are; needs gnuplot
#        bench/page/make.sh PROGRAM --check    fails if a table is not what the run makes of it; changes nothing
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
run=docs/benchmarks/run.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$program" --targets >"$work/targets.json"
for page in docs/benchmarks.md README.md; do
  awk -f bench/page/common.awk -f bench/page/tables.awk "$run" "$work/targets.json" "$page" >"$work/page.md"
  if [[ ${2:-} == --check ]]; then
    diff "$page" "$work/page.md" || { echo "$page is not of this run: scripts/bench.sh --plot-only" >&2; exit 1; }
  else
    cp "$work/page.md" "$page"
  fi
done
awk -f bench/page/common.awk -f bench/page/plots.awk "$run" bench/page/plots.txt >"$work/plots.gnuplot"
[[ ${2:-} == --check ]] || gnuplot "$work/plots.gnuplot"
