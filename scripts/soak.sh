#!/usr/bin/env bash
# Soaks Bulkhead: mixed traffic while worker processes are killed, stopped, replaced and upgraded. Prints the ledger of each kind of
# message and what the host holds in quiet moments. Fails if a message is lost, answered twice or wrongly, or overtaken, or if heap,
# descriptors or threads grow. Writes the curve to build/soak/curve.txt and, if gnuplot is there, draws it in build/soak/curve.svg.
#
# usage: scripts/soak.sh [MINUTES]    2 without a number; 60 before a release
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
script_name=soak
. scripts/setup.sh

minutes=${1:-2}
[[ $# -le 1 && $minutes =~ ^[1-9][0-9]{0,3}$ ]] || { sed -n '2,7s/^# \?//p' "$0" >&2; exit 2; }

set_up
build_preset release soak || exit 1
mkdir -p build/soak
say "soaking for $minutes minutes"
status=0
BULKHEAD_SOAK_SECONDS=$((60 * minutes)) BULKHEAD_SOAK_CURVE=$PWD/build/soak/curve.txt build/release/tests/soak || status=$?

if command -v gnuplot >/dev/null && [[ -s build/soak/curve.txt ]]; then
  gnuplot <<'PLOT'
set terminal svg size 900,700 dynamic background "white"
set output "build/soak/curve.svg"
set multiplot layout 3,1
set xlabel "seconds"
set yrange [0:*]
set key left top
set title "Heap of the host, MiB"
plot "build/soak/curve.txt" using 1:($2/1048576) with lines lc rgb "#bbbbbb" title "under load", \
     "" using ($7 == 1 ? $1 : 1/0):($2/1048576) with linespoints lc rgb "#1f5fa8" pt 7 ps 0.5 title "at rest"
set title "Descriptors and threads of the host"
plot "build/soak/curve.txt" using ($7 == 1 ? $1 : 1/0):3 with linespoints lc rgb "#1f5fa8" pt 7 ps 0.5 title "descriptors at rest", \
     "" using ($7 == 1 ? $1 : 1/0):4 with linespoints lc rgb "#c05020" pt 7 ps 0.5 title "threads at rest"
set title "Messages, millions, and kills, thousands, so far"
plot "build/soak/curve.txt" using 1:($5/1e6) with lines lc rgb "#1f5fa8" title "messages", \
     "" using 1:($6/1e3) with lines lc rgb "#c05020" title "kills"
PLOT
  say "the curve: build/soak/curve.svg"
fi
exit $status
