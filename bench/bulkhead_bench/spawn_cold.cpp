// How long does it take from the wish for a heavy actor in a new process to its first answer? Beside it the start and end of a
// program that does nothing.
#include "measurements.hpp"
#include "os.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <functional>
#include <vector>

namespace bench {

namespace {

constexpr size_t starts = 15;
constexpr double ns_per_ms = 1e6;

double time_ns(const std::function<void()>& what) {
  auto begin = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin}.count();
}

run spawn_and_ask(heavy_system& ours) {
  caf::scoped_actor self{ours.get()};
  std::vector<double> times;
  for (size_t i = 0; i < starts; ++i) {
    caf::actor heavy;
    times.push_back(time_ns([&] {
      heavy = ours.spawn("echo");
      self->request(heavy, caf::infinite, int64_t{1})
        .receive([](int64_t) {}, [](const caf::error& reason) { fail(to_string(reason)); });
    }));
    self->send_exit(heavy, caf::exit_reason::user_shutdown);
    heavy = nullptr;
    ours.wait_for_end_of_workers();
  }
  return of_latencies(std::move(times), ns_per_ms);
}

run start_nothing() {
  std::vector<double> times;
  for (size_t i = 0; i < starts; ++i)
    times.push_back(time_ns(os::vfork_exec_true_wait));
  return of_latencies(std::move(times), ns_per_ms);
}

} // namespace

void spawn_cold(report& to) {
  heavy_system ours;
  to.compare({
    {"spawn_cold", "ms", [&] { return spawn_and_ask(ours); }},
    {"vfork_exec_true_wait", "ms", start_nothing},
  });
}

} // namespace bench
