#include "children.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace supervisor_test;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using lines = std::vector<std::string>;

namespace {

std::vector<child_spec> three(const journal_ptr& book) {
  return {light("a", book), light("b", book), light("c", book)};
}

} // namespace

TEST_CASE("children start one after the other, and a look-up waits until its child is up") {
  fixture here;
  slow_start b{here.sys};
  auto top = here.supervise({}, {light("a", here.book), b.spec("b", here.book), light("c", here.book)});
  CHECK(here.child(top, "a") != nullptr);
  auto look_up = here.self->request(top, test_support::patience, caf::get_atom_v, std::string{"c"});
  REQUIRE(b.eventually_asked(1));
  CHECK(here.book->take() == lines{"+a"});
  auto all = ask<std::vector<child_status>>(here.self, top, caf::get_atom_v);
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK((*all)[0].state == child_state::up);
  CHECK((*all)[1].state == child_state::starting);
  CHECK((*all)[2].state == child_state::starting);
  b.let();
  caf::actor c;
  look_up.receive([&](const caf::actor& found) { c = found; }, [](const caf::error& why) { FAIL(to_string(why)); });
  CHECK(ask<int32_t>(here.self, c, caf::get_atom_v) == int32_t{1});
  CHECK(here.book->take() == lines{"+b", "+c"});
}

TEST_CASE("a subtree is up when all of its children are, and the next child starts then") {
  fixture here;
  slow_start c{here.sys};
  auto inner = child_supervisor("inner", {}, {light("b", here.book), c.spec("c", here.book)});
  auto top =
    here.supervise({}, {light("a", here.book), inner, child_supervisor("empty", {}, {}), light("d", here.book)});
  REQUIRE(c.eventually_asked(1));
  CHECK(here.book->take() == lines{"+a", "+b"});
  auto all = ask<std::vector<child_status>>(here.self, top, caf::get_atom_v);
  REQUIRE(all);
  CHECK((*all)[1].state == child_state::starting);
  c.let();
  CHECK(here.child(top, "d") != nullptr);
  CHECK(here.book->take() == lines{"+c", "+d"});
  CHECK(here.child(here.child(top, "inner"), "c") != nullptr);
}

TEST_CASE("one for one starts the child again that died, and no other one") {
  fixture here;
  auto top = here.supervise(patient(), three(here.book));
  status_log log{here.sys, top};
  REQUIRE(log.eventually("c", child_state::up));
  auto a = here.child(top, "a");
  auto b = here.child(top, "b");
  here.book->take();
  here.self->send(b, caf::delete_atom_v);
  REQUIRE(log.eventually("b", child_state::up, 1));
  CHECK(here.book->take() == lines{"-b", "+b"});
  CHECK(here.child(top, "a") == a);
  auto next = here.child(top, "b");
  CHECK(next != b);
  CHECK(ask<int32_t>(here.self, next, caf::get_atom_v) == int32_t{1});
  CHECK(to_string(log.last("b").last_end).find("as told") != std::string::npos);
}

TEST_CASE("one for all stops all others in reverse order and starts all in order") {
  fixture here;
  auto top = here.supervise(patient(strategy::one_for_all), three(here.book));
  status_log log{here.sys, top};
  for (uint32_t round = 1; round <= 3; ++round) {
    auto b = here.child(top, "b");
    REQUIRE(log.eventually("c", child_state::up, round - 1));
    here.book->take();
    here.self->send(b, caf::delete_atom_v);
    REQUIRE(log.eventually("c", child_state::up, round));
    CHECK(here.book->take() == lines{"-b", "-c", "-a", "+a", "+b", "+c"});
  }
}

TEST_CASE("rest for one stops those after the child that died, and starts it and them again") {
  fixture here;
  auto children = three(here.book);
  children.push_back(light("d", here.book));
  auto top = here.supervise(patient(strategy::rest_for_one), children);
  status_log log{here.sys, top};
  REQUIRE(log.eventually("d", child_state::up));
  auto a = here.child(top, "a");
  here.book->take();
  here.self->send(here.child(top, "b"), caf::delete_atom_v);
  REQUIRE(log.eventually("d", child_state::up, 1));
  CHECK(here.book->take() == lines{"-b", "-d", "-c", "+b", "+c", "+d"});
  CHECK(here.child(top, "a") == a);
  here.self->send(here.child(top, "d"), caf::delete_atom_v);
  REQUIRE(log.eventually("d", child_state::up, 2));
  CHECK(here.book->take() == lines{"-d", "+d"});
}

TEST_CASE("heavy and light children of one supervisor end and start with each other") {
  fixture here;
  auto top = here.supervise(patient(strategy::rest_for_one),
                            {in_worker("engine"), light("front", here.book), in_worker("back")});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("back", child_state::up));
  auto engine = here.pid(here.child(top, "engine"));
  auto back = here.pid(here.child(top, "back"));
  REQUIRE(engine > 0);
  REQUIRE(back > 0);
  ::kill(engine, SIGKILL);
  REQUIRE(log.eventually("back", child_state::up, 1));
  CHECK(here.book->take() == lines{"+front", "-front", "+front"});
  CHECK(here.pid(here.child(top, "engine")) != engine);
  CHECK(here.pid(here.child(top, "back")) != back);
  auto death = death_of(log.last("engine").last_end);
  REQUIRE(death);
  CHECK(death->pid == engine);
  CHECK(eventually([&] { return here.host.live_workers() == 2; }));
  here.self->send(here.child(top, "front"), caf::delete_atom_v);
  REQUIRE(log.eventually("back", child_state::up, 2));
  CHECK(log.last("engine").restarts == 1);
}

TEST_CASE("when an elder child dies while a younger one starts, that one ends and starts behind it") {
  fixture here;
  slow_start b{here.sys};
  auto top = here.supervise(patient(strategy::rest_for_one), {light("a", here.book), b.spec("b", here.book)});
  status_log log{here.sys, top};
  REQUIRE(b.eventually_asked(1));
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("a", child_state::starting));
  auto look_up = here.self->request(top, test_support::patience, caf::get_atom_v, std::string{"b"});
  b.let();
  REQUIRE(b.eventually_asked(2));
  CHECK(here.book->take() == lines{"+a", "-a", "+b", "-b", "+a"});
  b.let();
  caf::actor found;
  look_up.receive([&](const caf::actor& x) { found = x; }, [](const caf::error& why) { FAIL(to_string(why)); });
  CHECK(found == here.child(top, "b"));
  CHECK(here.book->take() == lines{"+b"});
  CHECK(log.eventually("b", child_state::up));
  CHECK(log.count("b", child_state::up) == 1);
}

TEST_CASE("a transient child that ends in good order is not started again, and one that dies is") {
  fixture here;
  auto top = here.supervise(patient(strategy::one_for_all),
                            {light("a", here.book), light("job", here.book).restarts(restart_type::transient)});
  status_log log{here.sys, top};
  here.self->send(here.child(top, "job"), caf::delete_atom_v);
  REQUIRE(log.eventually("job", child_state::up, 1));
  here.self->send(here.child(top, "job"), caf::close_atom_v);
  REQUIRE(log.eventually("job", child_state::ended));
  auto gone = ask<caf::actor>(here.self, top, caf::get_atom_v, std::string{"job"});
  REQUIRE_FALSE(gone);
  CHECK(gone.error() == caf::sec::request_receiver_down);
  here.book->take();
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("a", child_state::up, 2));
  CHECK(here.book->take() == lines{"-a", "+a"});
}

TEST_CASE("a transient child that was stopped because of another one is started again") {
  fixture here;
  auto top = here.supervise(patient(strategy::one_for_all),
                            {light("a", here.book), light("b", here.book).restarts(restart_type::transient)});
  status_log log{here.sys, top};
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("b", child_state::up, 1));
}

TEST_CASE("a permanent child is started again also when it ends in good order") {
  fixture here;
  auto top = here.supervise(patient(), {light("a", here.book), in_worker("h")});
  status_log log{here.sys, top};
  here.self->send(here.child(top, "a"), caf::close_atom_v);
  here.self->send(here.child(top, "h"), caf::close_atom_v);
  CHECK(log.eventually("a", child_state::up, 1));
  CHECK(log.eventually("h", child_state::up, 1));
  CHECK_FALSE(log.last("h").last_end);
}

TEST_CASE("a temporary child is never started again, whoever caused its end, and its own death touches nobody") {
  fixture here;
  auto top = here.supervise(patient(strategy::one_for_all),
                            {light("a", here.book), light("guest", here.book).restarts(restart_type::temporary),
                             light("other", here.book).restarts(restart_type::temporary)});
  status_log log{here.sys, top};
  here.self->send(here.child(top, "guest"), caf::delete_atom_v);
  REQUIRE(log.eventually("guest", child_state::ended));
  CHECK(log.count("a", child_state::up) == 1);
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("other", child_state::ended));
  REQUIRE(log.eventually("a", child_state::up, 1));
  CHECK(here.book->take() == lines{"+a", "+guest", "+other", "-guest", "-a", "-other", "+a"});
}

TEST_CASE("the end of a child that is linked to its supervisor is its child's, and not its own") {
  fixture here;
  auto spec = child("linked", [](caf::event_based_actor* self) {
    return self->spawn<caf::linked>([](caf::event_based_actor* me) -> caf::behavior {
      return {[me](caf::delete_atom) { me->quit(caf::make_error(caf::sec::runtime_error, "linked")); }};
    });
  });
  auto top = here.supervise(patient(), {spec});
  status_log log{here.sys, top};
  for (uint32_t round = 1; round <= 3; ++round) {
    here.self->send(here.child(top, "linked"), caf::delete_atom_v);
    REQUIRE(log.eventually("linked", child_state::up, round));
  }
  CHECK(log.last("linked").restarts == 3);
}

TEST_CASE("an exit without a reason does not end a supervisor, and an unknown name is an error") {
  fixture here;
  auto top = here.supervise({}, three(here.book));
  caf::anon_send_exit(top, caf::exit_reason::normal);
  auto none = ask<caf::actor>(here.self, top, caf::get_atom_v, std::string{"d"});
  REQUIRE_FALSE(none);
  CHECK(none.error() == caf::sec::no_such_key);
  CHECK(here.child(top, "a") != nullptr);
}
