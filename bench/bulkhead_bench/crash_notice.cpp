// How long does it take from the SIGKILL of a worker until a requester that waits for an answer from there has the error? And how much
// of that until the kernel has ended the process?
#include "measurements.hpp"
#include "os.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace bench {

namespace {

constexpr size_t crashes = 15;
constexpr double ns_per_ms = 1e6;

run crash(heavy_system& ours, bool until_noticed) {
  caf::scoped_actor self{ours.get()};
  std::vector<double> times;
  for (size_t i = 0; i < crashes; ++i) {
    auto worker = ours.start_worker();
    auto heavy = worker.spawn("hoarder");
    if (!heavy)
      fail(to_string(heavy.error()));
    auto open = self->request(*heavy, caf::infinite, std::string{"never answered"});
    // When this is answered, the one above has arrived.
    self->request(*heavy, caf::infinite, int64_t{1})
      .receive([](int64_t) {}, [](const caf::error& reason) { fail(to_string(reason)); });
    auto begin = std::chrono::steady_clock::now();
    auto over = [&] {
      times.push_back(std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin}.count());
    };
    if (until_noticed) {
      os::kill_now(worker.pid());
    } else {
      os::kill_and_wait(worker.pid());
      over();
    }
    open.receive([] { fail("an answer from a dead worker"); },
                 [&](const caf::error&) {
                   if (until_noticed)
                     over();
                 });
    ours.wait_for_end_of_workers();
  }
  return of_latencies(std::move(times), ns_per_ms);
}

} // namespace

void crash_notice(report& to) {
  heavy_system ours;
  to.compare({
    {"crash_notice", "ms", [&] { return crash(ours, true); }},
    {"crash_end", "ms", [&] { return crash(ours, false); }},
  });
}

} // namespace bench
