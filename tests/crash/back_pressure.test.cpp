// What happens when messages are sent faster than they are handled.
#include <catch2/catch.hpp>

#include "crash/pressure.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

using namespace crash;
using bulkhead::backlog_incident;
using bulkhead::errc;
using bulkhead::overflow;
using bulkhead::worker_options;
using test_support::eventually;
using test_support::host_fixture;

TEST_CASE(
  "an actor that floods a worker that stands still is suspended, goes on when there is room, and nothing is lost") {
  constexpr int32_t count = 5000;
  host_fixture f;
  auto victim = f.host.spawn("victim", limited(100));
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  auto sent = make_counter();
  auto source = spawn_source(f.sys, *victim, count, sent);
  REQUIRE(eventually([&] { return *sent > 80; }));
  CHECK(settled(f.sys, sent) < 110);
  // It is the actor that waits, and no thread.
  auto bystander = f.host.spawn("victim");
  REQUIRE(bystander);
  CHECK(answers(f.sys, *bystander));
  REQUIRE(::kill(pid, SIGCONT) == 0);
  REQUIRE(eventually([&] { return *sent == count; }));
  // The order of two senders is not said: what asks may be sooner than the last message.
  CHECK(eventually([&] {
    auto all = request<std::vector<int32_t>>(f.sys, *victim, caf::make_message(caf::get_atom_v, int32_t{0}));
    return all && *all == numbers(0, count);
  }));
  CHECK(f.host.dropped_messages() == 0);
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
}

TEST_CASE("many actors that send to a worker that stands still all wait for their turn, and nothing is lost") {
  constexpr int32_t senders = 200;
  constexpr int32_t each = 5;
  host_fixture f;
  auto victim = f.host.spawn("victim", limited(10));
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  std::vector<caf::actor> all;
  std::vector<counter> sent;
  for (auto i = 0; i < senders; ++i) {
    sent.push_back(make_counter());
    all.push_back(spawn_source(f.sys, *victim, each, sent.back()));
  }
  REQUIRE(eventually([&] { return std::all_of(sent.begin(), sent.end(), [](auto& x) { return *x > 0; }); }));
  REQUIRE(::kill(pid, SIGCONT) == 0);
  CHECK(eventually([&] {
    auto kept = request<std::vector<int32_t>>(f.sys, *victim, caf::make_message(caf::get_atom_v, int32_t{0}));
    return kept && kept->size() == static_cast<size_t>(senders * each);
  }));
  CHECK(f.host.dropped_messages() == 0);
  for (auto& x : all)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

TEST_CASE("limits in bytes hold a sender back as well") {
  host_fixture f;
  worker_options options;
  options.actor_backlog.bytes_max = 64 * bulkhead::waiting_bytes(20);
  auto victim = f.host.spawn("victim", options);
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  auto sent = make_counter();
  auto source = spawn_source(f.sys, *victim, 1000, sent);
  REQUIRE(eventually([&] { return *sent > 40; }));
  CHECK(settled(f.sys, sent) < 80);
  REQUIRE(::kill(pid, SIGCONT) == 0);
  REQUIRE(eventually([&] { return *sent == 1000; }));
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
}

TEST_CASE("a heavy actor that floods the host is held back until the receiver takes its messages") {
  constexpr int32_t count = 3000;
  host_fixture f;
  auto source = f.host.spawn("source", limited(50));
  REQUIRE(source);
  auto gate = spawn_gate(f.sys);
  auto taken = make_counter();
  auto sink = spawn_sink(f.sys, gate, taken);
  caf::scoped_actor self{f.sys};
  self->send(*source, sink, count);
  // While it waits it handles nothing, so its own answer shows that it does not.
  int32_t sent = 0;
  auto ask = [&](auto patience) {
    auto answered = false;
    self->request(*source, patience, caf::get_atom_v)
      .receive(
        [&](int32_t x) {
          sent = x;
          answered = true;
        },
        [](const caf::error&) {});
    return answered;
  };
  REQUIRE(eventually([&] { return !ask(std::chrono::milliseconds{300}); }));
  CHECK(*taken == 0);
  caf::anon_send(gate, caf::open_atom_v);
  REQUIRE(eventually([&] { return *taken == count; }));
  REQUIRE(ask(test_support::patience));
  CHECK(sent == count);
  for (auto& x : {gate, sink})
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

TEST_CASE("a heavy actor that floods another worker is held back by that one, through the host") {
  constexpr int32_t count = 2000;
  host_fixture f;
  auto source = f.host.spawn("source", limited(50));
  auto victim = f.host.spawn("victim"); // which alone would take many more
  REQUIRE((source && victim));
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  caf::scoped_actor self{f.sys};
  self->send(*source, *victim, count);
  auto answered = [&] {
    auto result = false;
    self->request(*source, std::chrono::milliseconds{300}, caf::get_atom_v)
      .receive([&](int32_t) { result = true; }, [](const caf::error&) {});
    return result;
  };
  REQUIRE(eventually([&] { return !answered(); }));
  REQUIRE(::kill(pid, SIGCONT) == 0);
  auto sent = request_number(f.sys, *source, caf::make_message(caf::get_atom_v));
  REQUIRE(sent);
  std::vector<int32_t> all;
  REQUIRE(eventually([&] {
    auto result = request<std::vector<int32_t>>(f.sys, *victim, caf::make_message(caf::get_atom_v, int32_t{0}));
    REQUIRE(result);
    all = *result;
    return all.size() == static_cast<size_t>(count);
  }));
  CHECK(all == numbers(0, count));
  CHECK(f.host.dropped_messages() == 0);
}

TEST_CASE("who drops the newest keeps the oldest, and requests have room of their own") {
  host_fixture f;
  backlog_events events{f};
  auto victim = f.host.spawn("victim", limited(100, overflow::drop_newest));
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  caf::scoped_actor self{f.sys};
  for (int32_t i = 0; i < 500; ++i)
    self->send(*victim, caf::put_atom_v, i);
  auto dropped = f.host.dropped_messages();
  CHECK(dropped >= 400);
  CHECK(dropped < 420);
  outcomes out;
  ask(f.sys, *victim, out, 50, caf::make_message(caf::add_atom_v, int32_t{1}));
  REQUIRE(eventually([&] { return out.requests() == 50; }));
  REQUIRE(::kill(pid, SIGCONT) == 0);
  REQUIRE(eventually([&] { return out.total() == 50; }));
  CHECK(out.answers() == 50);
  auto all = request<std::vector<int32_t>>(f.sys, *victim, caf::make_message(caf::get_atom_v, int32_t{0}));
  REQUIRE(all);
  CHECK(*all == numbers(0, 500 - static_cast<int32_t>(dropped)));
  REQUIRE(eventually([&] {
    uint64_t told = 0;
    for (auto& x : events.of(backlog_incident::dropped))
      told += x.messages;
    return told == dropped;
  }));
  CHECK(events.all().front().pid == pid);
}

TEST_CASE("what a worker drops on its way to the host is counted there") {
  constexpr int32_t count = 500;
  host_fixture f;
  auto source = f.host.spawn("source", limited(50, overflow::drop_newest));
  REQUIRE(source);
  auto gate = spawn_gate(f.sys);
  auto taken = make_counter();
  auto sink = spawn_sink(f.sys, gate, taken);
  caf::scoped_actor self{f.sys};
  self->send(*source, sink, count);
  REQUIRE(eventually([&] { return f.host.dropped_messages() >= count - 60; }));
  self->send(gate, caf::open_atom_v);
  CHECK(eventually([&] { return static_cast<uint64_t>(*taken) + f.host.dropped_messages() == count; }));
  caf::anon_send_exit(sink, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(gate, caf::exit_reason::user_shutdown);
}

TEST_CASE("who drops the oldest gets the newest, in order") {
  host_fixture f;
  auto victim = f.host.spawn("victim", limited(100, overflow::drop_oldest));
  REQUIRE(victim);
  auto pid = pid_of(f.sys, *victim);
  REQUIRE(freeze(pid));
  caf::scoped_actor self{f.sys};
  for (int32_t i = 0; i < 1000; ++i)
    self->send(*victim, caf::put_atom_v, i);
  CHECK(f.host.dropped_messages() >= 800);
  CHECK(f.host.dropped_messages() < 820);
  REQUIRE(::kill(pid, SIGCONT) == 0);
  // A request that comes while all room is taken pushes out one more.
  std::vector<int32_t> all;
  CHECK(eventually([&] {
    auto result = request<std::vector<int32_t>>(f.sys, *victim, caf::make_message(caf::get_atom_v, int32_t{0}));
    if (result)
      all = *result;
    return all.size() == 1000 - f.host.dropped_messages();
  }));
  auto first_parked = std::find_if(all.begin(), all.end(), [](int32_t x) { return x >= 500; });
  std::vector<int32_t> at_once(all.begin(), first_parked);
  std::vector<int32_t> newest(first_parked, all.end());
  CHECK(at_once == numbers(0, static_cast<int32_t>(at_once.size())));
  CHECK(newest.size() >= 98);
  CHECK(newest == numbers(1000 - static_cast<int32_t>(newest.size()), 1000));
}

TEST_CASE("one sender that floods a worker does not starve another one") {
  host_fixture f;
  auto sink = f.host.spawn("sink", limited(200), int32_t{200});
  REQUIRE(sink);
  auto sent = make_counter();
  auto source = spawn_source(f.sys, *sink, 1'000'000, sent);
  REQUIRE(eventually([&] { return *sent > 150; }));
  for (auto i = 0; i < 20; ++i) {
    auto before = sent->load();
    CHECK(request_number(f.sys, *sink, caf::make_message(caf::add_atom_v, i)).engaged());
    CHECK(*sent - before < 1000); // it waited for its turn, and not for the end of the flood
  }
  caf::anon_send_exit(source, caf::exit_reason::kill);
}
