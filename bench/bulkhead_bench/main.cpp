// Measures Bulkhead beside its peers: `bulkhead_bench [NAME...]`. Figures go to standard output, one JSON object a line; how
// they stand against their targets goes to standard error. `bulkhead_bench --targets` prints these targets and measures nothing.
#include "measurements.hpp"
#include "shared_value.hpp"
#include "systems.hpp"

#include <caf/io/middleman.hpp>

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <vector>

namespace {

struct measurement {
  std::string_view name;
  void (*perform)(bench::report&);
};

constexpr measurement all[] = {
  {"rtt_hot", bench::rtt_hot},
  {"rtt_parked", bench::rtt_parked},
  {"throughput", bench::throughput},
  {"fan", bench::fan},
  {"spawn_cold", bench::spawn_cold},
  {"spawn_warm", bench::spawn_warm},
  {"crash_notice", bench::crash_notice},
  {"crash_recover", bench::crash_recover},
  {"recycle", bench::recycle},
  {"idle", bench::idle},
  {"memory", bench::memory},
  {"codec_vector", bench::codec_vector},
  {"blob", bench::blob},
  {"shared_value", bench::shared_value},
  {"flood", bench::flood},
  {"executor", bench::executor},
  {"executor_sizes", bench::executor_sizes},
  {"coroutine_rtt", bench::coroutine_rtt},
  {"coroutine_memory", bench::coroutine_memory},
};

int usage() {
  std::fprintf(stderr, "usage: bulkhead_bench [NAME...], without a name everything; names:");
  for (auto& x : all)
    std::fprintf(stderr, " %s", std::string{x.name}.c_str());
  std::fprintf(stderr, "\n");
  return 2;
}

} // namespace

int main(int argc, char** argv) {
  bulkhead::init_types<caf::id_block::bench>();
  caf::io::middleman::init_global_meta_objects();
  bulkhead::config cfg;
  bench::add_actors(cfg);
  if (auto status = bulkhead::run_if_worker(cfg))
    return *status;
  std::vector<std::string_view> names(argv + 1, argv + argc);
  if (names.size() == 1 && names[0] == bench::middleman_echo_argument)
    return bench::middleman_echo();
  if (names.size() == 1 && names[0] == "--targets") {
    bench::print_targets();
    return 0;
  }
  for (auto name : names)
    if (std::none_of(std::begin(all), std::end(all), [name](auto& x) { return x.name == name; }))
      return usage();
  bench::report report;
  for (auto& x : all)
    if (names.empty() || std::find(names.begin(), names.end(), x.name) != names.end())
      x.perform(report);
  report.print_table();
}
