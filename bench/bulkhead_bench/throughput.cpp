// How many messages of 64 bytes a second does one sender get through to one heavy actor, one way? Beside it the same to an
// actor in the same process.
#include "measurements.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <string>

namespace bench {

namespace {

constexpr int64_t messages = 1'000'000;

run measure(caf::actor_system& system, const caf::actor& to) {
  caf::scoped_actor self{system};
  auto count = [&] {
    int64_t result = 0;
    self->request(to, caf::infinite, caf::get_atom_v)
      .receive([&](int64_t x) { result = x; }, [](const caf::error& reason) { fail(to_string(reason)); });
    return result;
  };
  const std::string payload(64, 'x');
  auto before = count();
  auto begin = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < messages; ++i)
    self->send(to, payload);
  if (count() != before + messages)
    fail("messages were lost");
  return {messages / std::chrono::duration<double>{std::chrono::steady_clock::now() - begin}.count()};
}

} // namespace

void throughput(report& to) {
  using namespace bulkhead::literals;
  plain_system plain;
  auto local = plain.system.spawn(echo);
  heavy_system ours;
  bulkhead::worker_options patient;
  patient.backlog = patient.actor_backlog = {1_GiB, 1 << 24};
  auto heavy = ours.spawn("echo", patient);
  to.compare({
    {"throughput", "msg/s", [&] { return measure(ours.get(), heavy); }},
    {"caf_inproc_throughput", "msg/s", [&] { return measure(plain.system, local); }},
  });
  caf::anon_send_exit(local, caf::exit_reason::user_shutdown);
}

} // namespace bench
