// How much memory does a worker need that has one actor and nothing to do? What it shares with others counts in parts, here
// with the host only, which is the worst case.
#include "measurements.hpp"
#include "os.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

namespace bench {

void memory(report& to) {
  heavy_system ours;
  caf::scoped_actor self{ours.get()};
  auto measure = [&] {
    auto worker = ours.start_worker();
    auto heavy = worker.spawn("echo");
    if (!heavy)
      fail(to_string(heavy.error()));
    self->request(*heavy, caf::infinite, int64_t{1})
      .receive([](int64_t) {}, [](const caf::error& reason) { fail(to_string(reason)); });
    auto result = os::pss_mib(worker.pid());
    worker.stop();
    ours.wait_for_end_of_workers();
    return run{result};
  };
  to.compare({{"memory", "MiB", measure}});
}

} // namespace bench
