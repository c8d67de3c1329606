// How long does a request from a light to a heavy actor take when both processes sleep? Beside it the least that such a
// round trip costs: two processes that wake each other through eventfd and epoll. The pause before each does not count. The
// worker parks at once; the host waits as it does by default, so it may still spin when the answer comes.
#include "measurements.hpp"
#include "os.hpp"
#include "pinger.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <thread>
#include <vector>

namespace bench {

namespace {

constexpr size_t requests = 300;

/// Much longer than any loop spins.
constexpr std::chrono::milliseconds pause{1};

} // namespace

void rtt_parked(report& to) {
  os::eventfd_peer peer;
  heavy_system ours;
  bulkhead::worker_options parks;
  parks.wait = bulkhead::wait_strategy::park;
  auto heavy = ours.spawn("echo", parks);
  auto times = std::make_shared<std::vector<double>>();
  caf::scoped_actor self{ours.get()};
  auto pinger = spawn_pinger(ours.get(), heavy, 1, times, caf::actor_cast<caf::actor>(self));
  to.compare({
    {"rtt_parked", "ns",
     [&] {
       times->clear();
       for (size_t i = 0; i < requests; ++i) {
         std::this_thread::sleep_for(pause);
         self->send(pinger, caf::tick_atom_v);
         self->receive([](caf::ok_atom) {});
       }
       return of_latencies(*times, 1);
     }},
    {"eventfd_rtt", "ns",
     [&] {
       std::vector<double> result;
       for (size_t i = 0; i < requests; ++i) {
         std::this_thread::sleep_for(pause);
         auto begin = std::chrono::steady_clock::now();
         peer.round_trip();
         result.push_back(std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin}.count());
       }
       return of_latencies(std::move(result), 1);
     }},
  });
}

} // namespace bench
