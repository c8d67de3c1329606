#include <catch2/catch.hpp>

#include "crash/actors.hpp"
#include "support/stage.hpp"

#include <bulkhead/platform/clock.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace crash;
using bulkhead::bytes;
using test_support::eventually;
using test_support::host_fixture;

namespace {

bytes built_within(const caf::actor& receiver, size_t size) {
  auto room = bulkhead::allocate(receiver, size);
  if (!room)
    return {};
  std::fill(room->room().begin(), room->room().end(), std::byte{7});
  return std::move(*room).finish();
}

size_t kills_wanted() {
  auto wanted = std::getenv("BULKHEAD_TEST_KILLS");
  return wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 60;
}

} // namespace

// How often is set by BULKHEAD_TEST_KILLS: a few dozen times by default.
TEST_CASE("a worker that is killed at any moment returns all that was lent to it") {
  leftovers before;
  {
    host_fixture f;
    std::minstd_rand random{42};
    for (size_t i = 0, count = kills_wanted(); i < count; ++i) {
      auto victim = f.host.spawn("victim");
      REQUIRE(victim);
      auto pid = pid_of(f.sys, *victim);
      auto payload = built_within(*victim, 10'000);
      outcomes out;
      int pipe_ends[2];
      REQUIRE(::pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) == 0);
      {
        caf::scoped_actor self{f.sys};
        auto writing = bulkhead::fd::adopt(pipe_ends[1]);
        for (int j = 0; j < 20; ++j)
          self->send(*victim, writing);
      }
      ask(f.sys, *victim, out, 50, caf::make_message(payload));
      ask(f.sys, *victim, out, 20, caf::make_message(bytes{caf::byte_buffer(30'000)}));
      for (auto until = bulkhead::platform::now_ns() + random() % 2'000'000; bulkhead::platform::now_ns() < until;)
        continue;
      REQUIRE(::kill(pid, SIGKILL) == 0);
      REQUIRE(eventually([&] { return out.total() == 70; }));
      REQUIRE(eventually([&] { return bulkhead::payloads_of(f.sys).lent == 0; }));
      REQUIRE(payload.span().back() == std::byte{7});
      // Nobody has the other end of the pipe any more, wherever its copies were.
      auto reading = bulkhead::fd::adopt(pipe_ends[0]);
      char x = 0;
      REQUIRE(eventually([&] { return ::read(reading.number(), &x, 1) == 0; }));
    }
    CHECK(eventually([&] { return bulkhead::payloads_of(f.sys).reserved_bytes == 0; }));
  }
  before.check();
}

TEST_CASE("what a dead worker has lent stays readable, and its memory goes with the last copy") {
  leftovers before;
  {
    host_fixture f;
    auto victim = f.host.spawn("victim");
    REQUIRE(victim);
    auto pid = pid_of(f.sys, *victim);
    auto back = request<bytes>(f.sys, *victim, caf::make_message(caf::get_atom_v, uint64_t{3'000'000}));
    REQUIRE(back);
    caf::scoped_actor self{f.sys};
    self->monitor(*victim);
    REQUIRE(::kill(pid, SIGKILL) == 0);
    self->receive([](caf::down_msg&) {});
    auto right = [](std::byte x) { return x == std::byte{5}; };
    CHECK(back->size() == 3'000'000);
    CHECK(std::all_of(back->span().begin(), back->span().end(), right));
  }
  before.check();
}

TEST_CASE("a frozen worker holds payloads only up to the limit, and others are not hurt") {
  host_fixture f;
  bulkhead::worker_options options;
  options.payload_bytes_max = uint64_t{8} << 20;
  options.when_payloads_full = bulkhead::payload_fallback::fail;
  auto victim = f.host.spawn("victim", options);
  auto bystander = f.host.spawn("victim");
  REQUIRE(victim);
  REQUIRE(bystander);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  outcomes out;
  ask(f.sys, *victim, out, 20, caf::make_message(bytes{caf::byte_buffer(1'000'000)}));
  REQUIRE(eventually([&] { return out.total() >= 12; }));
  CHECK(out.answers() == 0);
  for (auto& x : out.errors())
    CHECK(x == bulkhead::errc::payload_room_full);
  CHECK(bulkhead::payloads_of(f.sys).reserved_bytes <= (uint64_t{8} << 20) + 8192);
  CHECK(answers(f.sys, *bystander));
  REQUIRE(::kill(pid, SIGCONT) == 0);
  REQUIRE(eventually([&] { return out.total() == 20; }));
  CHECK(out.answers() >= 7);
}

TEST_CASE("more room than the machine has memory is refused, and nothing dies of a signal") {
  host_fixture f;
  auto victim = f.host.spawn("victim");
  REQUIRE(victim);
  if (!test_support::sanitized) // which would end the process
    CHECK_FALSE(bulkhead::allocate(*victim, size_t{1} << 50));
  CHECK_FALSE(bulkhead::allocate(*victim, SIZE_MAX));
  CHECK_FALSE(bulkhead::allocate_array<double>(*victim, SIZE_MAX / 4));
  auto answer = request_number(f.sys, *victim, caf::make_message(built_within(*victim, 100'000)));
  REQUIRE(answer);
  CHECK(*answer == 100'000);
}

TEST_CASE("a worker without a free descriptor fails the message that brings one, and serves all others") {
  host_fixture f;
  auto victim = f.host.spawn("victim");
  REQUIRE(victim);
  REQUIRE(request<bool>(f.sys, *victim, caf::make_message(caf::close_atom_v, int32_t{0})));
  auto null = bulkhead::fd::duplicate_of(0);
  REQUIRE(null);
  auto failed = request_number(f.sys, *victim, caf::make_message(std::vector<bulkhead::fd>(60, *null)));
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == bulkhead::errc::resources_exhausted);
  CHECK(answers(f.sys, *victim));
  CHECK(eventually([&] { return bulkhead::payloads_of(f.sys).lent == 0; }));
}

TEST_CASE("a message with too many descriptors is refused with its reason") {
  host_fixture f;
  auto victim = f.host.spawn("victim");
  REQUIRE(victim);
  auto null = bulkhead::fd::duplicate_of(0);
  REQUIRE(null);
  auto failed = request_number(f.sys, *victim, caf::make_message(std::vector<bulkhead::fd>(65, *null)));
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == bulkhead::errc::encode_failed);
  CHECK(to_string(failed.error()).find("64") != std::string::npos);
  CHECK(answers(f.sys, *victim));
}

TEST_CASE("more answers with descriptors at once than may be under way wait for each other, and none is lost") {
  host_fixture f;
  auto victim = f.host.spawn("victim");
  REQUIRE(victim);
  constexpr int32_t count = 200;
  auto arrived = std::make_shared<std::atomic<int>>(0);
  auto failed = std::make_shared<std::atomic<int>>(0);
  f.sys.spawn([=, to = *victim](caf::event_based_actor* self) {
    for (int32_t i = 0; i < count; ++i)
      self->request(to, caf::infinite, caf::open_atom_v, count)
        .then([=](const bulkhead::fd& file) { *arrived += file ? 1 : 0; }, [=](const caf::error&) { ++*failed; });
  });
  CHECK(eventually([&] { return *arrived + *failed == count; }));
  CHECK(*failed == 0);
  CHECK(answers(f.sys, *victim));
}
