// What do a host and eight workers cost that have nothing to do: share of one core, and wake-ups?
#include "measurements.hpp"
#include "os.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <thread>
#include <vector>

namespace bench {

namespace {

constexpr size_t workers = 8;
constexpr std::chrono::seconds settling{1};
constexpr std::chrono::seconds window{2};

os::usage usage_of_all(const std::vector<bulkhead::worker>& all) {
  auto result = os::usage_of(os::own_pid());
  for (auto& x : all) {
    auto part = os::usage_of(x.pid());
    result.cpu_ns += part.cpu_ns;
    result.switches += part.switches;
  }
  return result;
}

} // namespace

void idle(report& to) {
  heavy_system ours;
  std::vector<bulkhead::worker> all;
  std::vector<caf::actor> actors;
  caf::scoped_actor self{ours.get()};
  for (size_t i = 0; i < workers; ++i) {
    all.push_back(ours.start_worker());
    auto heavy = all.back().spawn("echo");
    if (!heavy)
      fail(to_string(heavy.error()));
    actors.push_back(*heavy);
    self->request(*heavy, caf::infinite, int64_t{1})
      .receive([](int64_t) {}, [](const caf::error& reason) { fail(to_string(reason)); });
  }
  std::this_thread::sleep_for(settling);
  std::vector<run> shares;
  std::vector<run> switches;
  for (size_t i = 0; i < report::run_count; ++i) {
    auto before = usage_of_all(all);
    auto begin = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(window);
    auto seconds = std::chrono::duration<double>{std::chrono::steady_clock::now() - begin}.count();
    auto after = usage_of_all(all);
    shares.push_back({100 * static_cast<double>(after.cpu_ns - before.cpu_ns) / 1e9 / seconds});
    switches.push_back({static_cast<double>(after.switches - before.switches) / seconds});
  }
  to.add("idle", "%", std::move(shares));
  to.add("idle_switches", "1/s", std::move(switches));
}

} // namespace bench
