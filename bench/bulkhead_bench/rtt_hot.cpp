// How long does a request from a light to a heavy actor take while both processes are awake? Beside it the same request
// inside one process, and over CAF's own network layer on the loopback device.
#include "measurements.hpp"
#include "os.hpp"
#include "pinger.hpp"
#include "systems.hpp"

#include <caf/io/middleman.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

namespace bench {

namespace {

constexpr int64_t requests = 100'000;
constexpr int64_t middleman_requests = 3'000;

struct middleman_system {
  struct config : caf::actor_system_config {
    config() {
      load<caf::io::middleman>();
    }
  } cfg;
  caf::actor_system system{cfg};
};

} // namespace

int middleman_echo() {
  middleman_system server;
  auto port = server.system.middleman().publish(server.system.spawn(echo), 0, "127.0.0.1");
  if (!port)
    fail(to_string(port.error()));
  std::printf("%u\n", unsigned{*port});
  std::fflush(stdout);
  // Until whoever started it kills it.
  for (;;)
    std::this_thread::sleep_for(std::chrono::hours{1});
}

void rtt_hot(report& to) {
  auto server = os::start_self(middleman_echo_argument);
  middleman_system client;
  auto remote = client.system.middleman().remote_actor("127.0.0.1", static_cast<uint16_t>(std::stoul(server.line)));
  if (!remote)
    fail(to_string(remote.error()));
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
    {"caf_middleman_rtt", "ns", [&] { return measure(client.system, *remote, middleman_requests); }},
    cache_line_rtt(),
  });
  caf::anon_send_exit(local, caf::exit_reason::user_shutdown);
}

} // namespace bench
