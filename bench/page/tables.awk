# Fills the tables of a page from a run of the benchmarks: awk -f common.awk -f tables.awk RUN.json TARGETS.json PAGE.md, prints the page.
#
# A table stands between `<!-- KIND` and `<!-- end -->`. Its comment has a line for each row, and ends with a line `-->`:
#   <!-- compare     ID | what it is | what its peer is          a figure beside its peer, and its target
#   <!-- figures     ID | what it is | what its peer is | NAME   the same in short, with the command that measures it
#   <!-- machine                                                 where the run was made; a list
#   <!-- everything                                              all figures of the run
function digits(x) { # three that count, and no exponent
  return x >= 100 ? sprintf("%.0f", x) : x >= 10 ? sprintf("%.1f", x) : x >= 1 ? sprintf("%.2f", x) : sprintf("%.3g", x)
}

function human(x, unit,    scale, i, units) {
  if (x == "") return ""
  if (unit == "ns" || unit == "us" || unit == "ms") {
    split("ns us ms s", units, " ")
    for (i = 1; units[i] != unit; ++i) continue
    for (; x >= 1000 && i < 4; ++i) x /= 1000
    return digits(x) " " units[i]
  }
  if (unit ~ /\/s$/ && unit !~ /^GB/ && x >= 1e6) return digits(x / 1e6) " million " unit
  if (unit ~ /\/s$/ && unit !~ /^GB/ && x >= 1e4) return digits(x / 1e3) " thousand " unit
  return digits(x) " " unit
}

function value_of(figure) {
  if (figure in value) return value[figure]
  if (figure ~ /_p99$/) return p99[substr(figure, 1, length(figure) - 4)]
  return ""
}

function unit_of(figure) {
  if (!(figure in unit)) sub(/_p99$/, "", figure)
  return unit[figure]
}

function ratio_of(id,    ours, peers) {
  ours = value_of(figure[id])
  if (peer[id] == "") return ours
  peers = value_of(peer[id])
  return ratio[id] == "ours by peer" ? ours / peers : peers / ours
}

function row(kind, line,    part, id, result, ours, limit) {
  split(line, part, "|")
  id = trim(part[1])
  if (!(id in figure) || value_of(figure[id]) == "" || (peer[id] != "" && value_of(peer[id]) == "")) {
    printf "tables.awk: no figure %s in this run\n", id > "/dev/stderr"
    failed = 1
    exit 1
  }
  ours = human(value_of(figure[id]), unit_of(figure[id]))
  result = "| " trim(part[2]) " | " ours " | " (peer[id] == "" ? trim(part[3]) : trim(part[3]) ": " human(value_of(peer[id]), unit_of(peer[id])))
  if (kind == "figures")
    return result " | `scripts/bench.sh " trim(part[4]) "` |"
  limit = target[id]
  sub(/^.= /, "", limit)
  return result " | " digits(ratio_of(id)) " | " target[id] " | " \
         ((target[id] ~ /^<=/ ? ratio_of(id) <= limit + 0 : ratio_of(id) >= limit + 0) ? "yes" : "**no**") " |"
}

FNR == 1 { ++file }

file == 1 {
  name = field($0, "name")
  if (name == "machine") { machine = $0; next }
  lines_of_run[++count] = $0 # a name may occur twice: the last one counts, and all of them are shown
  value[name] = field($0, "value") + 0
  unit[name] = field($0, "unit")
  if (field($0, "p99") != "") p99[name] = field($0, "p99") + 0
  next
}

file == 2 {
  id = field($0, "id")
  figure[id] = field($0, "figure")
  peer[id] = field($0, "peer")
  ratio[id] = field($0, "ratio")
  target[id] = field($0, "target")
  next
}

/^<!-- (compare|figures|machine|everything)$/ { kind = $2; in_head = 1; rows = 0; print; next }

in_head && /^-->$/ {
  print
  in_head = 0
  inside = 1
  if (kind == "compare") { print "| figure | Bulkhead | beside it | ratio | target | met |"; print "|---|--:|---|--:|---|---|" }
  if (kind == "figures") { print "| | Bulkhead | beside it | measured by |"; print "|---|--:|---|---|" }
  for (i = 1; i <= rows; ++i) print row(kind, lines[i])
  if (kind == "machine") {
    printf "- %s cores of %s, Linux %s; %s, release\n", field(machine, "cores"), field(machine, "cpu"), field(machine, "kernel"), field(machine, "compiler")
    printf "- %s, with a load average of %s before the run\n", field(machine, "date"), field(machine, "load")
    if (field(machine, "load") > 0.3)
      print "- other programs used the machine: take the ratios as provisional, and repeat the run on a quiet one"
  }
  if (kind == "everything") {
    print "| figure | median | p99 | p99.9 | spread |"
    print "|---|--:|--:|--:|--:|"
    for (i = 1; i <= count; ++i) {
      line = lines_of_run[i]
      in_unit = field(line, "unit")
      printf "| `%s` | %s | %s | %s | %.0f %% |\n", field(line, "name"), human(field(line, "value"), in_unit), human(field(line, "p99"), in_unit),
             human(field(line, "p999"), in_unit), 100 * field(line, "spread")
    }
  }
  next
}

in_head { lines[++rows] = $0; print; next }
inside && /^<!-- end -->$/ { inside = 0 }
!inside { print }
END { if (!failed && inside) { print "tables.awk: a table has no end" > "/dev/stderr"; exit 1 } }
