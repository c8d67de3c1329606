#include <catch2/catch.hpp>

#include "crash/actors.hpp"

#include <algorithm>
#include <chrono>

using namespace crash;
using bulkhead::death_cause;
using bulkhead::errc;
using bulkhead::worker_options;
using test_support::eventually;
using test_support::host_fixture;

namespace {

caf::actor spawn_hostile(host_fixture& f, const char* habit, uint64_t payload_bytes_max = uint64_t{1} << 30) {
  worker_options options;
  options.payload_bytes_max = payload_bytes_max;
  options.program = child_program("hostile");
  options.arguments = {habit};
  options.backlog.messages_max = 100;
  auto result = f.host.spawn("victim", options);
  REQUIRE(result);
  return *result;
}

} // namespace

TEST_CASE("a worker that writes garbage is killed as corrupt, and nobody else is hurt") {
  leftovers before;
  {
    host_fixture f;
    auto bystander = f.host.spawn("victim");
    REQUIRE(bystander);
    for (auto habit : {"published goes back",
                       "published passes the ring",
                       "published is unaligned",
                       "control published passes the ring",
                       "control published is unaligned",
                       "published without a record",
                       "a record is larger than any ring",
                       "a record passes what was published",
                       "a record is padding in the middle",
                       "a record is shorter than its fixed part",
                       "a record is empty",
                       "a piece stands in the control lane",
                       "a record has kind 0",
                       "a record has the first unknown kind",
                       "a record has a kind far off",
                       "a whole is smaller than its fixed part",
                       "a whole is larger than any message",
                       "a whole changes its size",
                       "pieces exceed their whole",
                       "a whole is a piece",
                       "a whole has an unknown kind",
                       "there are thousands of wholes",
                       "a loan is returned that was never lent",
                       "a payload lies in no chunk",
                       "a payload passes its chunk",
                       "a payload starts behind its chunk",
                       "a payload has no end",
                       "a payload is empty",
                       "a chunk can shrink",
                       "a chunk has holes",
                       "a chunk is smaller than it says",
                       "a chunk is larger than agreed",
                       "a chunk comes twice",
                       "attachments are cut off",
                       "attachments exceed their record",
                       "descriptors were never sent",
                       "descriptors are too many",
                       "a packet is too short",
                       "a packet is too long",
                       "a ticket is returned that was never given",
                       "a ticket is returned twice",
                       "a list of tickets is cut off",
                       "a list of tickets is empty",
                       "a report is garbage",
                       "its root changes",
                       "actors of others are said to be down",
                       "it sends more than it may"}) {
      INFO(habit);
      auto hostile = spawn_hostile(f, habit);
      auto answer = request_number(f.sys, hostile, caf::make_message(caf::get_atom_v));
      REQUIRE_FALSE(answer);
      auto death = certificate(answer.error());
      CHECK(death.cause == death_cause::corrupt);
      CHECK(!death.detail.empty());
      CHECK(answers(f.sys, *bystander));
    }
  }
  before.check();
}

TEST_CASE("a worker that returns a loan twice is killed as corrupt, and the payload is still whole") {
  leftovers before;
  {
    host_fixture f;
    auto hostile = spawn_hostile(f, "a loan is returned twice");
    auto room = bulkhead::allocate(hostile, 50'000);
    REQUIRE(room);
    std::fill(room->room().begin(), room->room().end(), std::byte{7});
    auto payload = std::move(*room).finish();
    auto answer = request_number(f.sys, hostile, caf::make_message(payload));
    REQUIRE_FALSE(answer);
    CHECK(certificate(answer.error()).cause == death_cause::corrupt);
    CHECK(std::count(payload.span().begin(), payload.span().end(), std::byte{7}) == 50'000);
  }
  before.check();
}

TEST_CASE("a worker that lies about what it has read is killed as corrupt when room is needed") {
  outcomes out;
  leftovers before;
  {
    host_fixture f;
    auto bystander = f.host.spawn("victim");
    REQUIRE(bystander);
    size_t requests = 0;
    for (auto habit : {"consumed goes back", "consumed passes what was published", "consumed is unaligned"}) {
      INFO(habit);
      auto hostile = spawn_hostile(f, habit, 0);
      constexpr int count = 100;
      ask(f.sys, hostile, out, count, caf::make_message(bulkhead::bytes{caf::byte_buffer(50'000)}));
      requests += count;
      REQUIRE(eventually([&] { return out.total() == requests; }));
      REQUIRE_FALSE(out.errors().empty());
      CHECK(certificate(out.errors().back()).cause == death_cause::corrupt);
      CHECK(answers(f.sys, *bystander));
    }
  }
  before.check();
}

TEST_CASE("what a worker writes that means nothing is ignored") {
  observed_ends monitored, linked;
  leftovers before;
  {
    host_fixture f;
    auto bystander = f.host.spawn("victim"); // its process has number 1
    REQUIRE(bystander);
    auto made = request<caf::actor>(f.sys, *bystander, caf::make_message(caf::spawn_atom_v));
    REQUIRE(made);
    auto beside_it = *made;
    auto watchers = watch_end(f.sys, beside_it, monitored, linked);
    for (auto habit : {"armed is odd for ever", "room is wanted that there will never be", "last words are unknown",
                       "hint is absurd", "magic, version and geometry change", "pieces are empty", "messages to nobody",
                       "it demands all the time", "responses that nobody asked for", "the answer comes twice",
                       "notices about nobody", "states of anybody"}) {
      INFO(habit);
      auto hostile = spawn_hostile(f, habit);
      for (auto i = 0; i < 10; ++i) {
        auto answer = request_number(f.sys, hostile, caf::make_message(caf::get_atom_v));
        CHECK((answer && *answer == 1));
      }
      CHECK(answers(f.sys, *bystander));
      CHECK(answers(f.sys, beside_it));
    }
    CHECK(monitored.reasons().empty());
    CHECK(linked.reasons().empty());
  }
  before.check();
}

TEST_CASE("an answer that cannot be decoded fails the request, and the next one is answered") {
  host_fixture f;
  auto hostile = spawn_hostile(f, "the answer is garbage");
  auto answer = request_number(f.sys, hostile, caf::make_message(caf::get_atom_v));
  REQUIRE_FALSE(answer);
  CHECK(answer.error() == errc::decode_failed);
  answer = request_number(f.sys, hostile, caf::make_message(caf::get_atom_v));
  CHECK((answer && *answer == 1));
}

TEST_CASE("a worker that closes its descriptors after the handshake is killed") {
  leftovers before;
  {
    host_fixture f;
    worker_options options;
    options.program = child_program("misfit");
    options.arguments = {"is ready and closes everything"};
    auto worker = f.host.start_worker(options);
    REQUIRE(worker);
    CHECK(eventually([&] { return !worker->alive(); }));
    auto spawned = f.host.spawn("victim", options);
    REQUIRE_FALSE(spawned);
    CHECK(certificate(spawned.error()).cause == death_cause::corrupt);
  }
  before.check();
}

TEST_CASE("a worker that never reads its mailbox is killed when the system ends") {
  leftovers before;
  {
    host_fixture f;
    worker_options options;
    options.program = child_program("misfit");
    options.arguments = {"is ready and deaf"};
    options.stop_timeout = std::chrono::milliseconds{50};
    auto worker = f.host.start_worker(options);
    REQUIRE(worker);
    CHECK(worker->alive());
  }
  before.check();
}
