# Prints what gnuplot has to do for the plots of a run: awk -f common.awk -f plots.awk RUN.json plots.txt
function fail(text) {
  print "plots.awk: " text > "/dev/stderr"
  failed = 1
  exit 1
}

function factor(from, to) { # to what a plot's axis shows
  if (to == "us") return from == "ns" ? 1e-3 : from == "us" ? 1 : 1e3
  if (to == "ms") return from == "ns" ? 1e-6 : from == "us" ? 1e-3 : 1
  return to == "million/s" ? 1e-6 : 1
}

function size_of(suffix,    number, unit) { # "64KiB" in bytes, "10us" in microseconds; -1 if it is neither
  if (suffix !~ /^[0-9]+(B|KiB|MiB|GiB|us|ms)$/) return -1
  number = suffix + 0
  unit = suffix
  sub(/^[0-9]+/, "", unit)
  return number * (unit == "KiB" ? 1024 : unit == "MiB" ? 1048576 : unit == "GiB" ? 1073741824 : unit == "ms" ? 1000 : 1)
}

function quoted(text) { # as gnuplot reads it
  gsub(/'/, "''", text)
  return "'" text "'"
}

function power_of_ten_below(x) {
  x = log(x) / log(10)
  return 10 ^ (x < int(x) ? int(x) - 1 : int(x))
}

function begin_plot(height) {
  printf "reset\nset terminal svg size 760,%d noenhanced font 'sans-serif,13' background 'white'\n", height
  printf "set output 'docs/benchmarks/%s.svg'\nset title %s\nset grid x lc rgb '#dddddd' lt 1\n", name, quoted(title)
  print "set border 3 lc rgb '#888888'\nset tics nomirror textcolor rgb '#333333'"
}

function end_bars(    i, figure, part, by, label, tail, low, high) {
  begin_plot(90 + 34 * rows)
  print "$data << END"
  for (i = 1; i <= rows; ++i) {
    split(row[i], part, "|")
    label = trim(part[1])
    figure = trim(part[2])
    if (!(figure in value)) fail("no figure " figure " in this run")
    by = factor(unit[figure], axis)
    tail = figure in p99 ? p99[figure] : value[figure]
    if (i == 1 || value[figure] * by < low) low = value[figure] * by
    if (i == 1 || tail * by > high) high = tail * by
    printf "\"%s\" %g %g %d\n", label, value[figure] * by, tail * by, (label ~ /Bulkhead|worker|spare|SIGKILL|fork server|the same/ ? 1 : 2)
  }
  print "END"
  print "set yrange [" rows - 0.4 ":-0.6]\nset logscale x\nset format x '%g'\nunset key\nset style fill solid"
  low = power_of_ten_below(low / 2)
  printf "low = %g\nset xrange [low : %g]\n", low, high * 3
  print "colour(kind) = kind == 1 ? 0x1f6f8b : 0xb8b8b8"
  print "plot $data using 2:0:(low):2:($0-0.32):($0+0.32):(colour($4)):ytic(1) with boxxyerror lc rgb variable, \\"
  print "     $data using 2:0:2:3 with xerrorbars pt 0 lw 1.5 lc rgb '#d1495b', \\"
  print "     $data using ($3*1.12):0:(sprintf('%.3g', $2)) with labels left textcolor rgb '#333333'"
}

function end_lines(    i, j, k, part, prefix, divisor, suffix, x, y, points, order, commands, colours) {
  begin_plot(420)
  split("#1f6f8b #7fb7be #555555 #999999 #d1495b", colours, " ")
  for (i = 1; i <= rows; ++i) {
    split(row[i], part, "|")
    prefix = trim(part[2])
    divisor = trim(part[3])
    points = 0
    printf "$series%d << END\n", i
    for (j = 1; j <= count; ++j) {
      if (substr(names[j], 1, length(prefix)) != prefix) continue
      suffix = substr(names[j], length(prefix) + 1)
      x = size_of(suffix)
      if (x < 0 || (divisor != "" && !((divisor suffix) in value)) || (divisor == "" && y_axis == "ratio")) continue
      y = value[names[j]] * factor(unit[names[j]], y_axis)
      if (divisor != "") y = value[names[j]] / value[divisor suffix]
      printf "%g %g\n", x, y
      ++points
    }
    print "END"
    if (!points) fail("no figures " prefix "* in this run")
    commands = commands (i > 1 ? ", " : "plot ") "$series" i " using 1:2 with linespoints pt 7 ps 0.6 lw 2 lc rgb '" colours[i] "' title " quoted(trim(part[1]))
  }
  print "set grid x y lc rgb '#dddddd' lt 1\nset logscale x\nset key left top"
  if (axis == "bytes") {
    print "set xrange [40:2e9]\nset xtics ('64 B' 64, '1 KiB' 1024, '64 KiB' 65536, '1 MiB' 1048576, '16 MiB' 16777216, '256 MiB' 268435456)"
    print "set logscale y\nset format y '%g'"
  } else {
    print "set xrange [0.7:1500]\nset xtics ('1 us' 1, '10 us' 10, '100 us' 100, '1 ms' 1000)\nset yrange [0:*]"
    commands = commands ", 1 with lines lc rgb '#999999' dt 2 title 'a loop in one process'"
  }
  print commands
}

function end_plot() {
  if (rows && kind == "bars") end_bars()
  if (rows && kind == "lines") end_lines()
  rows = 0
  name = ""
}

FNR == 1 { ++file }

file == 1 {
  names[++count] = field($0, "name")
  value[names[count]] = field($0, "value") + 0
  unit[names[count]] = field($0, "unit")
  if (field($0, "p99") != "") p99[names[count]] = field($0, "p99") + 0
  next
}

/^#/ { next }
/^$/ { end_plot(); next }
name == "" {
  split($0, part, "|")
  name = trim(part[1])
  kind = trim(part[2])
  axis = trim(part[3])
  y_axis = kind == "lines" ? trim(part[4]) : ""
  title = kind == "lines" ? trim(part[5]) : trim(part[4])
  next
}
{ row[++rows] = $0 }
END { if (!failed) end_plot() }
