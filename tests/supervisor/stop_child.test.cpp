// Children that go, or start again, because somebody said so. What would be caught: an end that holds the others up, one that nobody is
// told of, a name that is never free again, something that is left behind.
#include "children.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>

using namespace supervisor_test;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::gate;
using test_support::patience;
using lines = std::vector<std::string>;

namespace {

caf::error error_of_look_up(fixture& here, const caf::actor& top, const std::string& name) {
  auto result = ask<caf::actor>(here.self, top, caf::get_atom_v, name);
  return result ? caf::error{} : result.error();
}

} // namespace

TEST_CASE("a child that is told to end by name ends for good, its name is free, and the others go on") {
  fixture here;
  auto how = GENERATE(strategy::one_for_one, strategy::one_for_all);
  auto top = here.supervise(patient(how), {light("a", here.book), in_worker("h"), light("c", here.book)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("c", child_state::up));
  here.book->take();
  CHECK(stop_child(top, "h").wait_for(patience));
  CHECK(stop_child(top, "a").wait_for(patience));
  CHECK(here.list(top) == lines{"c"});
  CHECK(error_of_look_up(here, top, "a") == caf::sec::no_such_key);
  CHECK(error_of(stop_child(top, "a")) == caf::sec::no_such_key);
  CHECK(here.book->take() == lines{"-a"});
  REQUIRE(log.eventually("a", child_state::ended));
  CHECK(log.count("a", child_state::stopping) == 1);
  CHECK_FALSE(log.last("a").last_end);
  CHECK(start_child(top, light("a", here.book)).wait_for(patience));
  CHECK(here.list(top) == lines{"c", "a"});
  CHECK(here.book->take() == lines{"+a"});
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("a child that is told to end while it starts ends then, and who waits for it is told at once") {
  fixture here;
  auto how = GENERATE(strategy::one_for_one, strategy::rest_for_one);
  slow_start b{here.sys};
  auto top = here.supervise({.strategy = how}, {light("a", here.book)});
  auto started = start_child(top, b.spec("b", here.book));
  REQUIRE(b.eventually_asked(1));
  auto look_up = here.self->request(top, patience, caf::get_atom_v, std::string{"b"});
  auto stopped = stop_child(top, "b");
  auto again = stop_child(top, "b");
  CHECK(error_of(started) == caf::sec::request_receiver_down);
  look_up.receive([](const caf::actor&) { FAIL("it is not wanted"); },
                  [](const caf::error& why) { CHECK(why == caf::sec::request_receiver_down); });
  CHECK(error_of_look_up(here, top, "b") == caf::sec::request_receiver_down);
  CHECK(error_of(restart_child(top, "b")) == caf::sec::request_receiver_down);
  CHECK(error_of(start_child(top, light("b", here.book))) == errc::invalid_option);
  CHECK(start_child(top, light("c", here.book)).wait_for(patience)); // which does not wait for it
  CHECK(here.list(top) == lines{"a", "b:stopping", "c"});
  CHECK_FALSE(stopped.ready());
  b.let();
  CHECK(stopped.wait_for(patience));
  CHECK(again.wait_for(patience));
  CHECK(here.list(top) == lines{"a", "c"});
  CHECK(here.book->take() == lines{"+a", "+c", "+b", "-b"});
}

TEST_CASE("a child that is told to end twice ends once, and both are told when it has") {
  fixture here;
  gate door;
  auto top = here.supervise({}, {light("a", here.book).stops_within(0ms), light("b", here.book)});
  status_log log{here.sys, top};
  auto a = here.child(top, "a");
  REQUIRE(here.block(a, door));
  auto first = stop_child(top, "a");
  auto second = stop_child(top, "a");
  CHECK(here.list(top) == lines{"a:stopping", "b"});
  CHECK_FALSE(first.ready());
  CHECK_FALSE(second.ready());
  door.open();
  CHECK(first.wait_for(patience));
  CHECK(second.wait_for(patience));
  CHECK(here.list(top) == lines{"b"});
  REQUIRE(log.eventually("a", child_state::ended));
  CHECK(log.count("a", child_state::stopping) == 1);
}

TEST_CASE("while a child takes its time to end, the others die, restart, come and go") {
  fixture here;
  auto top = here.supervise(patient(strategy::rest_for_one),
                            {light("a", here.book), stubborn("b", here.book).stops_within(0ms), light("c", here.book)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("c", child_state::up));
  auto b = here.child(top, "b");
  here.book->take();
  auto stopped = stop_child(top, "b");
  REQUIRE(here.book->eventually_has(1)); // it has heard it
  here.self->send(here.child(top, "c"), caf::delete_atom_v);
  REQUIRE(log.eventually("c", child_state::up, 1));
  CHECK(start_child(top, light("d", here.book)).wait_for(patience));
  CHECK(stop_child(top, "c").wait_for(patience));
  CHECK(here.list(top) == lines{"a", "b:stopping", "d"});
  CHECK_FALSE(stopped.ready());
  caf::anon_send_exit(b, caf::exit_reason::kill);
  CHECK(stopped.wait_for(patience));
  CHECK(here.book->take() == lines{"?b", "-c", "+c", "+d", "-c", "-b"});
}

TEST_CASE("those who restart with an elder child wait for one that has been told to end, as it may need that") {
  fixture here;
  auto top = here.supervise(patient(strategy::rest_for_one),
                            {light("a", here.book), stubborn("b", here.book).stops_within(0ms)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("b", child_state::up));
  auto b = here.child(top, "b");
  auto stopped = stop_child(top, "b");
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("a", child_state::starting));
  CHECK(here.list(top) == lines{"a:starting", "b:stopping"});
  caf::anon_send_exit(b, caf::exit_reason::kill);
  CHECK(stopped.wait_for(patience));
  REQUIRE(log.eventually("a", child_state::up, 1));
  CHECK(here.list(top) == lines{"a"});
}

TEST_CASE("a child that does not heed its end by name is ended by force, light or heavy, or left behind") {
  fixture here;
  gate door, other;
  auto top =
    here.supervise({.kill_after = 1ms}, {stubborn("s", here.book).stops_within(1ms), in_worker("h").stops_within(1ms),
                                         light("b", here.book).stops_within(1ms)});
  CHECK(here.child(top, "b") != nullptr);
  CHECK(stop_child(top, "s").wait_for(patience));
  auto h = here.child(top, "h");
  REQUIRE(here.block(h, door));
  CHECK(stop_child(top, "h").wait_for(patience));
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
  auto b = here.child(top, "b");
  REQUIRE(here.block(b, other));
  auto why = error_of(stop_child(top, "b"));
  CHECK(why == caf::sec::runtime_error);
  CHECK(contains(to_string(why), "left behind"));
  CHECK(here.list(top).empty());
  CHECK(start_child(top, light("b", here.book)).wait_for(patience)); // whatever the other one does
  other.open();
  CHECK(here.book->eventually_has(6));
}

TEST_CASE("a child that is told to end while it stops for others does not come back, and they do") {
  fixture here;
  auto top = here.supervise(patient(strategy::one_for_all),
                            {light("a", here.book), stubborn("b", here.book).stops_within(0ms), light("c", here.book)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("c", child_state::up));
  auto b = here.child(top, "b");
  here.self->send(here.child(top, "c"), caf::delete_atom_v);
  REQUIRE(log.eventually("b", child_state::stopping));
  auto stopped = stop_child(top, "b");
  auto early = stop_child(top, "a"); // doomed, and not told yet
  CHECK(early.wait_for(patience));
  caf::anon_send_exit(b, caf::exit_reason::kill);
  CHECK(stopped.wait_for(patience));
  REQUIRE(log.eventually("c", child_state::up, 1));
  CHECK(here.list(top) == lines{"c"});
}

TEST_CASE("an ended child is forgotten when it is told to end, and when another one takes its name") {
  fixture here;
  auto job = [&] { return light("job", here.book).restarts(restart_type::transient); };
  auto top = here.supervise(patient(), {job(), light("guest", here.book).restarts(restart_type::temporary)});
  status_log log{here.sys, top};
  here.self->send(here.child(top, "guest"), caf::close_atom_v);
  REQUIRE(log.eventually("guest", child_state::ended));
  here.self->send(here.child(top, "job"), caf::close_atom_v);
  REQUIRE(log.eventually("job", child_state::ended));
  CHECK(here.list(top) == lines{"job:ended", "guest:ended"});
  CHECK(stop_child(top, "guest").wait_for(patience));
  CHECK(start_child(top, job()).wait_for(patience));
  CHECK(here.list(top) == lines{"job"});
  here.self->send(here.child(top, "job"), caf::close_atom_v);
  CHECK(eventually([&] { return here.list(top) == lines{"job:ended"}; })); // its work is done, and it can be seen
}

TEST_CASE("a subtree that is told to end by name ends in its own order") {
  fixture here;
  auto inner = child_supervisor("inner", {}, {light("b", here.book), in_worker("h"), light("c", here.book)});
  auto top = here.supervise({}, {light("a", here.book), inner, light("d", here.book)});
  REQUIRE(here.child(top, "d") != nullptr);
  here.book->take();
  CHECK(stop_child(top, "inner").wait_for(patience));
  CHECK(here.book->take() == lines{"-c", "-b"});
  CHECK(here.list(top) == lines{"a", "d"});
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("a child is restarted by name, with those that need it, and that is no death") {
  fixture here;
  supervisor_options strict{.strategy = strategy::rest_for_one, .restarts_max = 0};
  auto top = here.supervise(strict, {light("a", here.book), light("b", here.book), light("c", here.book)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("c", child_state::up));
  auto before = here.child(top, "b");
  here.book->take();
  for (int round = 0; round < 3; ++round) {
    auto b = restart_child(top, "b").wait_for(patience);
    REQUIRE(b);
    CHECK(*b != before);
    before = *b;
    CHECK(here.child(top, "c") != nullptr);
    CHECK(here.book->take() == lines{"-c", "-b", "+b", "+c"});
  }
  CHECK(error_of(restart_child(top, "d")) == caf::sec::no_such_key);
  CHECK(here.list(top) == lines{"a", "b", "c"});
}

TEST_CASE("a child that has ended for good can be restarted by name, once for each time, temporary or not") {
  fixture here;
  auto type = GENERATE(restart_type::transient, restart_type::temporary);
  auto top = here.supervise({.restarts_max = 0}, {light("job", here.book).restarts(type), light("b", here.book)});
  status_log log{here.sys, top};
  for (uint32_t round = 1; round <= 3; ++round) {
    here.self->send(here.child(top, "job"), caf::close_atom_v);
    REQUIRE(eventually([&] { return log.count("job", child_state::ended) == round; }));
    auto job = restart_child(top, "job").wait_for(patience);
    REQUIRE(job);
    CHECK(here.list(top) == lines{"job", "b"});
    CHECK(here.child(top, "job") == *job);
  }
  CHECK(restart_child(top, "job").wait_for(patience)); // and also while it lives
  CHECK(log.eventually("job", child_state::up, 4));
}

TEST_CASE("a temporary child that ended because others restarted can be restarted by name, and then again") {
  fixture here;
  auto top = here.supervise(patient(strategy::one_for_all),
                            {light("a", here.book), light("guest", here.book).restarts(restart_type::temporary)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("guest", child_state::up));
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("a", child_state::up, 1));
  CHECK(here.list(top) == lines{"a", "guest:ended"});
  for (int round = 0; round < 2; ++round) {
    CHECK(restart_child(top, "guest").wait_for(patience));
    CHECK(here.child(top, "guest") != nullptr);
  }
}

TEST_CASE("a restart by name does not wait for a back-off, and one of a child that starts is its start") {
  fixture here;
  supervisor_options slow{.within = 24h, .backoff_min = 12h, .backoff_max = 24h};
  auto top = here.supervise(slow, {light("a", here.book)});
  status_log log{here.sys, top};
  for (uint32_t round = 0; round < 2; ++round) {
    REQUIRE(log.eventually("a", child_state::up, round));
    here.self->send(here.child(top, "a"), caf::delete_atom_v);
  }
  REQUIRE(log.eventually("a", child_state::starting, 1));
  auto a = restart_child(top, "a").wait_for(patience);
  REQUIRE(a);
  CHECK(ask<int32_t>(here.self, *a, caf::get_atom_v) == int32_t{1});
  slow_start b{here.sys};
  auto started = start_child(top, b.spec("b", here.book));
  REQUIRE(b.eventually_asked(1));
  auto restarted = restart_child(top, "b");
  b.let();
  auto one = started.wait_for(patience);
  auto other = restarted.wait_for(patience);
  REQUIRE(one);
  REQUIRE(other);
  CHECK(*one == *other);
}
