// Actors that wait for each other because each sends faster than the other one handles.
#include <catch2/catch.hpp>

#include "crash/pressure.hpp"

#include <chrono>
#include <csignal>

using namespace crash;
using bulkhead::backlog_incident;
using test_support::eventually;
using test_support::host_fixture;

namespace {

// Lets each of `ring` send more than it may to the next one, before any of them can handle what it gets, and waits until all go on:
// nothing but the detector frees them.
void flood_around(host_fixture& f, const std::vector<caf::actor>& ring) {
  constexpr int32_t count = 90;
  std::vector<int> pids;
  caf::scoped_actor self{f.sys};
  for (auto& x : ring) {
    auto where = request<int32_t>(f.sys, x, caf::make_message(caf::get_atom_v, caf::ok_atom_v));
    REQUIRE(where);
    pids.push_back(*where);
    REQUIRE(freeze(*where));
  }
  for (size_t i = 0; i < ring.size(); ++i)
    self->send(ring[i], caf::update_atom_v, ring[(i + 1) % ring.size()], count);
  for (auto pid : pids)
    REQUIRE(::kill(pid, SIGCONT) == 0);
  for (auto& x : ring)
    CHECK(eventually([&] {
      auto result = request<std::vector<int32_t>>(f.sys, x, caf::make_message(caf::get_atom_v));
      return result && *result == std::vector<int32_t>{count, count};
    }));
}

std::vector<caf::actor> spawn_flooders(host_fixture& f, size_t count) {
  auto options = limited(50);
  options.slow_after = std::chrono::milliseconds{0};
  std::vector<caf::actor> result;
  for (size_t i = 0; i < count; ++i) {
    auto x = f.host.spawn("flooder", options);
    REQUIRE(x);
    result.push_back(*x);
  }
  return result;
}

} // namespace

TEST_CASE("two workers that flood each other are found out with their path, and both go on") {
  host_fixture f;
  backlog_events events{f};
  auto ring = spawn_flooders(f, 2);
  flood_around(f, ring);
  auto found = events.of(backlog_incident::deadlock);
  REQUIRE(!found.empty());
  for (auto& x : ring)
    CHECK(found.front().detail.find("actor " + std::to_string(x.id()) + " in worker process ") != std::string::npos);
  CHECK(describe(found.front()).find("wait for each other") != std::string::npos);
}

TEST_CASE("a ring of three workers that flood each other is found out, and all go on") {
  host_fixture f;
  backlog_events events{f};
  auto ring = spawn_flooders(f, 3);
  flood_around(f, ring);
  REQUIRE(!events.of(backlog_incident::deadlock).empty());
}

TEST_CASE("a light and a heavy actor that flood each other are found out, and both go on") {
  constexpr int32_t count = 2000;
  host_fixture f;
  backlog_events events{f};
  auto there = spawn_flooders(f, 1).front();
  auto sent = make_counter();
  auto here = f.sys.spawn([=](caf::event_based_actor* self) -> caf::behavior {
    self->send(self, caf::tick_atom_v);
    return {
      [=](caf::tick_atom) {
        if (*sent == count)
          return;
        self->send(there, caf::put_atom_v, (*sent)++);
        self->send(self, caf::tick_atom_v);
      },
      [](caf::put_atom, int32_t) {},
    };
  });
  caf::scoped_actor self{f.sys};
  self->send(there, here, count);
  CHECK(eventually([&] { return *sent == count; }));
  CHECK(eventually([&] {
    auto result = request<std::vector<int32_t>>(f.sys, there, caf::make_message(caf::get_atom_v));
    return result && (*result)[0] == count;
  }));
  caf::anon_send_exit(here, caf::exit_reason::user_shutdown);
}

// Would catch an alarm because of load alone.
TEST_CASE("a chain of workers under load raises no alarm, and loses nothing") {
  constexpr int32_t count = 3000;
  host_fixture f;
  backlog_events events{f};
  auto options = limited(50);
  auto source = f.host.spawn("source", options);
  auto sink = f.host.spawn("sink", options, int32_t{300});
  REQUIRE((source && sink));
  caf::scoped_actor self{f.sys};
  self->send(*source, *sink, count);
  CHECK(eventually([&] { return kept_by(f.sys, *sink).size() == static_cast<size_t>(count); }));
  CHECK(events.all().empty());
}
