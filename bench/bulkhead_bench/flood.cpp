// Does memory stay within its bound while a heavy actor is a hundred times slower than who sends to it? What host and worker have
// grown by, together, beside what the options allow for messages that wait.
#include "measurements.hpp"
#include "os.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

namespace bench {

namespace {

using namespace std::chrono_literals;

constexpr uint64_t bound_bytes = uint64_t{32} << 20;
constexpr double bound_mib = static_cast<double>(bound_bytes) / (1 << 20);

/// As long as the backlog needs to fill, and then as long again several times.
constexpr auto time_to_fill = 1s;
constexpr auto time_to_watch = 2s;

caf::behavior flood_source(caf::event_based_actor* self, const caf::actor& target, const std::string& payload) {
  self->send(self, caf::tick_atom_v);
  return {[=](caf::tick_atom) {
    self->send(target, payload);
    self->send(self, caf::tick_atom_v);
  }};
}

double memory_of_both(const bulkhead::worker& there) {
  return os::pss_mib(os::own_pid()) + os::pss_mib(there.pid());
}

// The most that both grew by while the flood lasted.
run measure(size_t message_bytes) {
  heavy_system ours;
  bulkhead::worker_options options;
  options.actor_backlog = options.backlog = {bound_bytes, uint64_t{1} << 30};
  auto there = ours.start_worker(options);
  auto laggard = there.spawn("laggard");
  if (!laggard)
    fail(to_string(laggard.error()));
  auto before = memory_of_both(there);
  auto source = ours.get().spawn(flood_source, *laggard, std::string(message_bytes, 'x'));
  std::this_thread::sleep_for(time_to_fill);
  double most = 0;
  for (auto end = std::chrono::steady_clock::now() + time_to_watch; std::chrono::steady_clock::now() < end;) {
    most = std::max(most, memory_of_both(there) - before);
    std::this_thread::sleep_for(20ms);
  }
  caf::anon_send_exit(source, caf::exit_reason::kill);
  there.kill();
  ours.wait_for_end_of_workers();
  return run{most};
}

} // namespace

void flood(report& to) {
  to.compare({
    {"flood_memory", "MiB", [] { return measure(1024); }},
    {"flood_memory_64B", "MiB", [] { return measure(64); }},
    {"flood_memory_64KiB", "MiB", [] { return measure(65536); }},
  });
  to.add("flood_bound", "MiB", std::vector<run>(report::run_count, run{bound_mib}));
}

} // namespace bench
