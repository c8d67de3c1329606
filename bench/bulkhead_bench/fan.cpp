// How many requests a second do 1,000 light actors with one request in flight each make, to one heavy actor and to two in two
// workers? Beside it the same to actors in the same process.
#include "measurements.hpp"
#include "pinger.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <vector>

namespace bench {

namespace {

constexpr size_t requesters = 1'000;
constexpr int64_t requests_each = 300;

run measure(caf::actor_system& system, const std::vector<caf::actor>& peers) {
  caf::scoped_actor self{system};
  auto boss = caf::actor_cast<caf::actor>(self);
  std::vector<caf::actor> pingers;
  for (size_t i = 0; i < requesters; ++i)
    pingers.push_back(spawn_pinger(system, peers[i % peers.size()], requests_each, nullptr, boss));
  auto begin = std::chrono::steady_clock::now();
  for (auto& x : pingers)
    self->send(x, caf::tick_atom_v);
  for (size_t i = 0; i < requesters; ++i)
    self->receive([](caf::ok_atom) {});
  auto seconds = std::chrono::duration<double>{std::chrono::steady_clock::now() - begin}.count();
  for (auto& x : pingers)
    self->send_exit(x, caf::exit_reason::user_shutdown);
  return {static_cast<double>(requesters * requests_each) / seconds};
}

} // namespace

void fan(report& to) {
  plain_system plain;
  std::vector<caf::actor> local{plain.system.spawn(echo), plain.system.spawn(echo)};
  {
    heavy_system ours;
    std::vector<caf::actor> one{ours.spawn("echo")};
    to.compare({
      {"fan", "msg/s", [&] { return measure(ours.get(), one); }},
      {"caf_inproc_fan", "msg/s", [&] { return measure(plain.system, {local[0]}); }},
    });
  }
  {
    heavy_system ours;
    std::vector<caf::actor> two{ours.spawn("echo"), ours.spawn("echo")};
    to.compare({
      {"fan_2", "msg/s", [&] { return measure(ours.get(), two); }},
      {"caf_inproc_fan_2", "msg/s", [&] { return measure(plain.system, local); }},
    });
  }
  for (auto& x : local)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

} // namespace bench
