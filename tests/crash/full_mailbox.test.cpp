#include <catch2/catch.hpp>

#include "crash/actors.hpp"

#include <algorithm>
#include <csignal>
#include <numeric>
#include <vector>

using namespace crash;
using bulkhead::errc;
using bulkhead::worker_options;
using test_support::eventually;
using test_support::host_fixture;

namespace {

worker_options little_room() {
  worker_options result;
  result.mailbox_bytes = 4096;
  result.actor_backlog.messages_max = 100;
  result.when_full = bulkhead::overflow::fail;
  return result;
}

size_t count_full(const std::vector<caf::error>& errors) {
  return static_cast<size_t>(
    std::count_if(errors.begin(), errors.end(), [](auto& x) { return x == errc::mailbox_full; }));
}

std::vector<int32_t> read_by(caf::actor_system& sys, const caf::actor& victim) {
  auto result = request<std::vector<int32_t>>(sys, victim, caf::make_message(caf::get_atom_v, int32_t{0}));
  REQUIRE(result);
  return *result;
}

} // namespace

TEST_CASE("requests to a worker that stands still with a full mailbox fail at once, the others are answered later") {
  outcomes out;
  host_fixture f;
  auto victim = f.host.spawn("victim", little_room());
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  ask(f.sys, *victim, out, 2000, caf::make_message(caf::add_atom_v, int32_t{1}));
  REQUIRE(eventually([&] { return out.total() > 1000; })); // a hundred wait
  auto refused = out.errors();
  CHECK(count_full(refused) == refused.size());
  CHECK(out.answers() == 0);
  REQUIRE(::kill(pid, SIGCONT) == 0);
  REQUIRE(eventually([&] { return out.total() == 2000; }));
  CHECK(count_full(out.errors()) == out.errors().size());
  CHECK(out.answers() > 50);
  CHECK(f.host.dropped_messages() == 0);
  CHECK(answers(f.sys, *victim));
}

TEST_CASE("messages to a full worker are dropped and counted, and what was accepted arrives in order") {
  constexpr int32_t count = 3000;
  host_fixture f;
  auto victim = f.host.spawn("victim", little_room());
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  caf::scoped_actor self{f.sys};
  for (int32_t i = 0; i < count; ++i)
    self->send(*victim, caf::put_atom_v, i);
  auto dropped = f.host.dropped_messages();
  CHECK(dropped > 0);
  REQUIRE(::kill(pid, SIGCONT) == 0);
  std::vector<int32_t> kept;
  REQUIRE(eventually([&] {
    auto asked = request<std::vector<int32_t>>(f.sys, *victim, caf::make_message(caf::get_atom_v, int32_t{0}));
    if (asked) // it is refused too while there is no room
      kept = *asked;
    return !kept.empty();
  }));
  std::vector<int32_t> expected(static_cast<size_t>(count) - dropped);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(kept == expected);
  CHECK(f.host.dropped_messages() == dropped);
}

TEST_CASE("large messages wait, pass in pieces, and keep their order with small ones") {
  host_fixture f;
  worker_options options;
  options.mailbox_bytes = 4096;
  options.payload_bytes_max = 0;
  auto victim = f.host.spawn("victim", options);
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  caf::scoped_actor self{f.sys};
  std::vector<int32_t> expected;
  for (int32_t i = 0; i < 100; ++i) {
    self->send(*victim, bulkhead::bytes{caf::byte_buffer(20'000)});
    self->send(*victim, caf::put_atom_v, i);
    expected.push_back(i);
  }
  CHECK(f.host.dropped_messages() == 0);
  REQUIRE(::kill(pid, SIGCONT) == 0);
  std::vector<int32_t> kept;
  REQUIRE(eventually([&] {
    kept = read_by(f.sys, *victim);
    return kept.size() == expected.size();
  }));
  CHECK(kept == expected);
}

TEST_CASE("an exit message passes a full mailbox") {
  observed_ends monitored, linked;
  host_fixture f;
  auto victim = f.host.spawn("victim", little_room());
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  auto watchers = watch_end(f.sys, *victim, monitored, linked);
  REQUIRE(freeze(pid));
  caf::scoped_actor self{f.sys};
  for (int32_t i = 0; i < 3000; ++i)
    self->send(*victim, caf::put_atom_v, i);
  CHECK(f.host.dropped_messages() > 0);
  self->send_exit(*victim, caf::exit_reason::user_shutdown);
  REQUIRE(::kill(pid, SIGCONT) == 0);
  REQUIRE(eventually([&] { return monitored.reasons().size() == 1 && linked.reasons().size() == 1; }));
  CHECK(monitored.reasons()[0] == caf::exit_reason::user_shutdown);
}

TEST_CASE("a worker that hangs in a handler with a full mailbox does not hold up other workers") {
  outcomes hung, out;
  host_fixture f;
  auto victim = f.host.spawn("victim", little_room());
  auto bystander = f.host.spawn("victim");
  REQUIRE((victim && bystander));
  auto pid = pid_of(f.sys, *victim);
  hang(f.sys, *victim, hung);
  ask(f.sys, *victim, out, 2000, caf::make_message(caf::add_atom_v, int32_t{1}));
  REQUIRE(eventually([&] { return out.requests() == 2000; }));
  for (auto i = 0; i < 100; ++i)
    CHECK(answers(f.sys, *bystander));
  REQUIRE(eventually([&] { return out.total() > 1000; }));
  CHECK(count_full(out.errors()) == out.errors().size());
  REQUIRE(::kill(pid, SIGKILL) == 0);
  REQUIRE(eventually([&] { return out.total() == 2000 && hung.total() == 1; }));
  CHECK(out.answers() == 0);
}

TEST_CASE("a message that is too large for the worker is refused with its types, and a smaller one passes") {
  host_fixture f;
  worker_options options;
  options.message_bytes_max = 100'000;
  options.payload_bytes_max = 0;
  auto victim = f.host.spawn("victim", options);
  REQUIRE(victim);
  auto large = request_number(f.sys, *victim, caf::make_message(bulkhead::bytes{caf::byte_buffer(100'001)}));
  REQUIRE_FALSE(large);
  CHECK(large.error() == errc::message_too_large);
  CHECK(to_string(large.error()).find("bytes") != std::string::npos);
  auto small = request_number(f.sys, *victim, caf::make_message(bulkhead::bytes{caf::byte_buffer(99'000)}));
  REQUIRE(small);
  CHECK(*small == 99'000);
}

TEST_CASE("a message that cannot be written, or not be read, fails with the type that is to blame") {
  host_fixture f;
  auto victim = f.host.spawn("victim");
  REQUIRE(victim);
  auto unwritable = request_number(f.sys, *victim, caf::make_message(test_support::unwritable{}));
  REQUIRE_FALSE(unwritable);
  CHECK(unwritable.error() == errc::encode_failed);
  CHECK(to_string(unwritable.error()).find("unwritable") != std::string::npos);
  auto unreadable = request_number(f.sys, *victim, caf::make_message(test_support::unreadable{}));
  REQUIRE_FALSE(unreadable);
  CHECK(unreadable.error() == errc::decode_failed);
  CHECK(to_string(unreadable.error()).find("unreadable") != std::string::npos);
  CHECK(f.host.dropped_messages() == 0);
  caf::anon_send(*victim, test_support::unwritable{});
  CHECK(f.host.dropped_messages() == 1);
  CHECK(answers(f.sys, *victim));
}
