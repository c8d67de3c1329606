// What do the runs of a figure amount to, and does it reach its target?
#include "report.hpp"

#include "targets.hpp"

#include <algorithm>
#include <cstdio>

namespace bench {

namespace {

double median(std::vector<double> values) {
  auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double median_of(const std::vector<run>& runs, double run::*field) {
  std::vector<double> values;
  for (auto& x : runs)
    values.push_back(x.*field);
  return median(std::move(values));
}

} // namespace

run of_latencies(std::vector<double> samples_ns, double unit_ns) {
  std::sort(samples_ns.begin(), samples_ns.end());
  auto at = [&](double share) {
    return samples_ns[static_cast<size_t>(share * static_cast<double>(samples_ns.size() - 1))] / unit_ns;
  };
  return {at(0.5), at(0.99), at(0.999)};
}

void report::compare(const std::vector<side>& sides) {
  std::vector<std::vector<run>> runs(sides.size());
  for (size_t round = 0; round <= run_count; ++round)
    for (size_t i = 0; i < sides.size(); ++i)
      if (auto result = sides[i].measure(); round > 0)
        runs[i].push_back(result);
  for (size_t i = 0; i < sides.size(); ++i)
    add(sides[i].name, sides[i].unit, std::move(runs[i]));
}

void report::add(const std::string& name, const std::string& unit, std::vector<run> runs) {
  auto by_value = [](const run& a, const run& b) { return a.value < b.value; };
  auto [low, high] = std::minmax_element(runs.begin(), runs.end(), by_value);
  auto value = median_of(runs, &run::value);
  auto spread = value > 0 ? (high->value - low->value) / value : 0;
  std::printf(R"({"name": "%s", "unit": "%s", "value": %.6g, )", name.c_str(), unit.c_str(), value);
  if (high->p99 > 0)
    std::printf(R"("p99": %.6g, "p999": %.6g, )", median_of(runs, &run::p99), median_of(runs, &run::p999));
  std::printf(R"("runs": %zu, "spread": %.3f})"
              "\n",
              runs.size(), spread);
  std::fflush(stdout);
  figures_[name] = {value, unit, spread};
  if (high->p99 > 0)
    figures_[name + "_p99"] = {median_of(runs, &run::p99), unit, spread};
}

void report::print_table() const {
  std::fprintf(stderr, "\n%-22s %14s  %-24s %14s %9s  %-9s %s\n", "figure", "value", "peer", "value", "ratio", "target",
               "met");
  for (auto& x : targets) {
    auto ours = figures_.find(x.figure);
    auto peer = figures_.find(x.peer);
    if (ours == figures_.end() || (!x.peer.empty() && peer == figures_.end()))
      continue;
    auto has_peer = peer != figures_.end();
    auto ratio = ours->second.value;
    if (has_peer)
      ratio = x.is == ratio_is::ours_by_peer ? ratio / peer->second.value : peer->second.value / ratio;
    auto met = x.at_most ? ratio <= x.limit : ratio >= x.limit;
    char target[32];
    std::snprintf(target, sizeof(target), "%s %g", x.at_most ? "<=" : ">=", x.limit);
    std::fprintf(stderr, "%-22s %8.4g %-5s  %-24s", std::string{x.id}.c_str(), ours->second.value,
                 ours->second.unit.c_str(), std::string{x.peer}.c_str());
    if (has_peer)
      std::fprintf(stderr, " %8.4g %-5s", peer->second.value, peer->second.unit.c_str());
    else
      std::fprintf(stderr, " %14s", "");
    std::fprintf(stderr, " %9.3g  %-9s %s\n", ratio, target, met ? "yes" : "NO");
  }
}

void print_targets() {
  for (auto& x : targets)
    std::printf(R"({"id": "%s", "figure": "%s", "peer": "%s", "ratio": "%s", "target": "%s %g"})"
                "\n",
                std::string{x.id}.c_str(), std::string{x.figure}.c_str(), std::string{x.peer}.c_str(),
                x.is == ratio_is::ours_by_peer ? "ours by peer" : "peer by ours", x.at_most ? "<=" : ">=", x.limit);
}

} // namespace bench
