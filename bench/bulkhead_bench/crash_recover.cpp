// How long does it take from the SIGKILL of a supervised worker until its replacement has answered a request? With a spare, with a
// copy of a fork server, and with a process that is started then.
#include "measurements.hpp"
#include "os.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <vector>

namespace bench {

namespace {

constexpr size_t crashes = 100;
constexpr double ns_per_ms = 1e6;

bulkhead::worker_options supervised(uint32_t spares, bool fork_server) {
  bulkhead::worker_options result;
  result.restart.when = bulkhead::restart_when::on_crash;
  result.restart.restarts_max = 1000;
  result.restart.within = std::chrono::milliseconds{1}; // each crash is the first one
  result.spares = spares;
  result.fork_server = fork_server;
  return result;
}

run crash_and_ask(heavy_system& ours, const bulkhead::worker_options& options) {
  caf::scoped_actor self{ours.get()};
  std::vector<double> times;
  {
    auto heavy = ours.spawn("echo", options);
    for (size_t i = 0; i < crashes; ++i) {
      ours.wait_for_spares(options.spares);
      int pid = 0;
      self->request(heavy, caf::infinite, caf::open_atom_v)
        .receive([&](int64_t x) { pid = static_cast<int>(x); },
                 [](const caf::error& reason) { fail(to_string(reason)); });
      auto begin = std::chrono::steady_clock::now();
      os::kill_now(pid);
      // One that the dying process takes and answers is no answer of the replacement.
      for (auto answered = pid; answered == pid;)
        self->request(heavy, caf::infinite, caf::open_atom_v)
          .receive([&](int64_t x) { answered = static_cast<int>(x); }, [](const caf::error&) {}); // it was in doubt
      times.push_back(std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin}.count());
    }
  }
  ours.wait_for_end_of_workers();
  return of_latencies(std::move(times), ns_per_ms);
}

} // namespace

void crash_recover(report& to) {
  heavy_system ours;
  to.compare({
    {"crash_recover", "ms", [&] { return crash_and_ask(ours, supervised(1, false)); }},
    {"crash_recover_forked", "ms", [&] { return crash_and_ask(ours, supervised(0, true)); }},
    {"crash_recover_cold", "ms", [&] { return crash_and_ask(ours, supervised(0, false)); }},
  });
}

} // namespace bench
