// How long does a request from a light to a heavy actor take while both processes are awake? Beside it the same request
// inside one process, and over CAF's own network layer on the loopback device.
#include "measurements.hpp"
#include "middleman.hpp"
#include "pinger.hpp"
#include "systems.hpp"

namespace bench {

namespace {

constexpr int64_t requests = 100'000;
constexpr int64_t middleman_requests = 3'000;

} // namespace

void rtt_hot(report& to) {
  middleman_peer remote;
  plain_system plain;
  auto local = plain.system.spawn(echo);
  heavy_system ours;
  auto heavy = ours.spawn("echo");
  auto measure = [](caf::actor_system& system, const caf::actor& peer, int64_t count) {
    return of_latencies(round_trips(system, peer, count), 1);
  };
  to.compare({
    {"rtt_hot", "ns", [&] { return measure(ours.get(), heavy, requests); }},
    {"caf_inproc_rtt", "ns", [&] { return measure(plain.system, local, requests); }},
    {"caf_middleman_rtt", "ns", [&] { return measure(remote.system(), remote.actor(), middleman_requests); }},
    cache_line_rtt(),
  });
  caf::anon_send_exit(local, caf::exit_reason::user_shutdown);
}

} // namespace bench
