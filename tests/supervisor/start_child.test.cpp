// Children that come while their supervisor runs. What would be caught: one that is started twice, out of order or never; a failed start
// that others hear of; somebody who waits for what never happens.
#include "children.hpp"

#include <bulkhead/coroutine.hpp>

#include <catch2/catch.hpp>

#include <csignal>

using namespace supervisor_test;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::eventually;
using test_support::patience;
using lines = std::vector<std::string>;

namespace {

std::string text_of(const future<caf::actor>& what) {
  return to_string(error_of(what));
}

// Its start fails or goes well, as each call of it says.
child_spec whimsical(const std::string& name, const journal_ptr& book, std::shared_ptr<std::atomic<bool>> fails) {
  auto result = light(name, book);
  result.start = [begin = result.start, fails](caf::event_based_actor* self, const detail::child_started& done) {
    if (*fails)
      throw std::runtime_error("not today");
    begin(self, done);
  };
  return result;
}

// By value: it outlives its caller's turn.
awaitable<> come_and_go(caf::actor top, journal_ptr told, journal_ptr book) {
  auto b = co_await start_child(top, light("b", book));
  told->note(b ? "b" : "?");
  co_await stop_child(top, "b");
  try {
    co_await restart_child(top, "b");
  } catch (const failure& x) {
    told->note(x.reason() == caf::sec::no_such_key ? "no b" : x.what());
  }
}

} // namespace

TEST_CASE("a running supervisor takes another child, which is the last one in all that follows") {
  fixture here;
  auto top = here.supervise(patient(strategy::one_for_all), {light("a", here.book), in_worker("h")});
  status_log log{here.sys, top};
  auto b = start_child(top, light("b", here.book)).wait_for(patience);
  REQUIRE(b);
  CHECK(ask<int32_t>(here.self, *b, caf::get_atom_v) == int32_t{1});
  CHECK(here.child(top, "b") == *b);
  auto g = start_child(top, in_worker("g")).wait_for(patience);
  REQUIRE(g);
  CHECK(here.pid(*g) > 0);
  CHECK(here.list(top) == lines{"a", "h", "b", "g"});
  REQUIRE(log.eventually("g", child_state::up));
  CHECK(log.count("b", child_state::starting) == 1);
  CHECK(log.count("b", child_state::up) == 1);
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("g", child_state::up, 1));
  CHECK(here.book->take() == lines{"+a", "+b", "-a", "-b", "+a", "+b"});
  CHECK(here.end(top) == caf::exit_reason::user_shutdown);
  CHECK(here.book->take() == lines{"-b", "-a"});
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("an actor adds and ends children without blocking, with then and in a coroutine") {
  fixture here;
  auto top = here.supervise({}, {});
  auto told = std::make_shared<journal>();
  auto asker = here.sys.spawn([top, told, book = here.book](caf::event_based_actor* self) {
    start_child(top, light("a", book)).then(self, [=](const caf::actor&) {
      told->note("a");
      start_child(top, light("a", book))
        .then(
          self, [](const caf::actor&) {},
          [=](const caf::error& why) {
            told->note(why == errc::invalid_option ? "not again" : to_string(why));
            stop_child(top, "a").then(self, [=] { told->note("gone"); });
          });
    });
  });
  CHECK(told->eventually_has(3));
  CHECK(told->take() == lines{"a", "not again", "gone"});
  auto other = here.sys.spawn(
    [top, told, book = here.book](caf::event_based_actor* self) { co_spawn(self, come_and_go(top, told, book)); });
  CHECK(told->eventually_has(2));
  CHECK(told->take() == lines{"b", "no b"});
  CHECK(here.book->entries() == lines{"+a", "-a", "+b", "-b"});
  CHECK(here.list(top).empty());
}

TEST_CASE("a child whose first start fails is none, and nobody else hears of that") {
  fixture here;
  auto how = GENERATE(strategy::one_for_one, strategy::one_for_all, strategy::rest_for_one);
  supervisor_options strict{.strategy = how, .restarts_max = 0};
  auto top = here.supervise(strict, {light("a", here.book)});
  status_log log{here.sys, top};
  auto fails = std::make_shared<std::atomic<bool>>(true);
  auto a = here.child(top, "a");
  CHECK(text_of(start_child(top, whimsical("b", here.book, fails))) == "constructor_failed(\"not today\")");
  CHECK(error_of(start_child(top, child("b", [](caf::event_based_actor*) -> caf::actor { throw 7; })))
        == errc::constructor_failed);
  CHECK(error_of(start_child(top, child("b", [](caf::event_based_actor*) { return caf::actor{}; })))
        == errc::startup_failed);
  CHECK(error_of(start_child(top, child("b", [a](caf::event_based_actor*) { return a; }))) == errc::startup_failed);
  CHECK(error_of(start_child(top, heavy_child("b", "nobody", worker_options{}))) == errc::unknown_actor);
  CHECK(error_of(start_child(top, heavy_child("b", "ward", worker_options{.program = "/no/such/program"})))
        == errc::program_not_found);
  CHECK(here.list(top) == lines{"a"});
  CHECK(eventually([&] { return log.count("b", child_state::ended) == 6; }));
  CHECK(log.count("b", child_state::starting) == 6);
  CHECK(log.count("b", child_state::up) == 0);
  *fails = false;
  CHECK(start_child(top, whimsical("b", here.book, fails)).wait_for(patience));
  CHECK(here.child(top, "a") == a);
  CHECK(here.book->take() == lines{"+a", "+b"});
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
  // From then on a start that fails is a death.
  here.self->monitor(top);
  *fails = true;
  here.self->send(here.child(top, "b"), caf::delete_atom_v);
  CHECK(test_support::end_of(here.self, top) == errc::restarts_exhausted);
}

TEST_CASE("what cannot be a child is refused at once") {
  fixture here;
  auto top = here.supervise({}, {light("a", here.book)});
  auto refused = [&](child_spec what) { return text_of(start_child(top, std::move(what))); };
  CHECK(contains(refused(light("", here.book)), "must not be empty"));
  CHECK(contains(refused(light("b", here.book).stops_within(25h)), "stop_within"));
  CHECK(contains(refused(child_spec{.name = "b"}), "must be a function for b"));
  CHECK(contains(refused(in_worker("b", {.mailbox_bytes = 5})), "mailbox_bytes"));
  CHECK(contains(refused(child_supervisor("b", {.within = 0ms}, {})), "within"));
  CHECK(contains(refused(light("a", here.book)), "a is one already"));
  CHECK(here.list(top) == lines{"a"});
  auto nobody = here.child(top, "a");
  CHECK(error_of(start_child(nobody, light("b", here.book))) == caf::sec::invalid_argument);
  CHECK(error_of(start_child(caf::actor{}, light("b", here.book))) == caf::sec::invalid_argument);
  CHECK(stop_child(nobody, "a").wait_for(patience) == caf::error{caf::sec::invalid_argument});
}

TEST_CASE("a child that dies as soon as it was started is up first, and then a death like others") {
  fixture here;
  auto top = here.supervise(patient(), {});
  status_log log{here.sys, top};
  auto starts = std::make_shared<std::atomic<int>>(0);
  auto spec = child("b", [starts](caf::event_based_actor* self) {
    return self->spawn([starts](caf::event_based_actor* me) -> caf::behavior {
      if (++*starts <= 3)
        me->quit(caf::make_error(caf::sec::runtime_error, "at once"));
      return {[](caf::get_atom) { return int32_t{1}; }};
    });
  });
  CHECK(start_child(top, spec).wait_for(patience));
  REQUIRE(log.eventually("b", child_state::up, 3));
  CHECK(log.count("b", child_state::up) == 4);
  CHECK(ask<int32_t>(here.self, here.child(top, "b"), caf::get_atom_v) == int32_t{1});
  CHECK(here.list(top) == lines{"b"});
}

TEST_CASE("a child waits for those before it where they need each other, and for nobody else where they do not") {
  fixture here;
  auto how = GENERATE(strategy::one_for_one, strategy::rest_for_one);
  supervisor_options slow{.strategy = how, .within = 24h, .backoff_min = 12h, .backoff_max = 24h};
  auto top = here.supervise(slow, {light("a", here.book)});
  status_log log{here.sys, top};
  for (uint32_t round = 0; round < 2; ++round) {
    REQUIRE(log.eventually("a", child_state::up, round));
    here.self->send(here.child(top, "a"), caf::delete_atom_v);
  }
  REQUIRE(log.eventually("a", child_state::starting, 1));
  auto b = start_child(top, light("b", here.book));
  if (how == strategy::one_for_one) {
    CHECK(b.wait_for(patience));
    CHECK(here.list(top) == lines{"a:starting", "b"});
  } else {
    CHECK(here.list(top) == lines{"a:starting", "b:starting"});
    CHECK_FALSE(b.ready());
    CHECK(stop_child(top, "b").wait_for(patience));
    CHECK(error_of(b) == caf::sec::request_receiver_down);
    CHECK(here.list(top) == lines{"a:starting"});
  }
}

TEST_CASE(
  "a child that is being started when others restart ends with them and starts behind them, and only that is told") {
  fixture here;
  auto how = GENERATE(strategy::one_for_all, strategy::rest_for_one);
  slow_start b{here.sys};
  auto top = here.supervise(patient(how), {light("a", here.book)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("a", child_state::up));
  auto started = start_child(top, b.spec("b", here.book));
  REQUIRE(b.eventually_asked(1));
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("a", child_state::starting));
  b.let();
  REQUIRE(b.eventually_asked(2));
  CHECK(here.book->take() == lines{"+a", "-a", "+b", "-b", "+a"});
  CHECK_FALSE(started.ready());
  b.let();
  auto handle = started.wait_for(patience);
  REQUIRE(handle);
  CHECK(*handle == here.child(top, "b"));
  REQUIRE(log.eventually("b", child_state::up));
  CHECK(log.count("b", child_state::up) == 1);
}

TEST_CASE("a child whose start fails while others restart is none, and they restart all the same") {
  fixture here;
  slow_start b{here.sys};
  auto top = here.supervise(patient(strategy::one_for_all), {light("a", here.book)});
  status_log log{here.sys, top};
  auto spec = b.spec("b", here.book);
  spec.start = [begin = spec.start](caf::event_based_actor* self, const detail::child_started& done) {
    begin(self, [done](const caf::expected<caf::actor>&) {
      done(caf::make_error(errc::startup_failed, std::string{"late"}));
    });
  };
  REQUIRE(log.eventually("a", child_state::up));
  auto started = start_child(top, spec);
  REQUIRE(b.eventually_asked(1));
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("a", child_state::starting));
  b.let();
  CHECK(text_of(started) == "startup_failed(\"late\")");
  REQUIRE(log.eventually("a", child_state::up, 1));
  CHECK(here.list(top) == lines{"a"});
}

TEST_CASE("a temporary child that waits for its first start is not dropped when others restart") {
  fixture here;
  auto fails = std::make_shared<std::atomic<bool>>(false);
  auto top = here.supervise(patient(strategy::rest_for_one), {whimsical("a", here.book, fails)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("a", child_state::up));
  slow_start b{here.sys};
  auto first = start_child(top, b.spec("b", here.book));
  REQUIRE(b.eventually_asked(1));
  auto guest = start_child(top, light("guest", here.book).restarts(restart_type::temporary)); // behind b
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("a", child_state::starting));
  b.let();
  REQUIRE(b.eventually_asked(2));
  b.let();
  CHECK(first.wait_for(patience));
  CHECK(guest.wait_for(patience));
  CHECK(here.list(top) == lines{"a", "b", "guest"});
}

TEST_CASE("a subtree that is added is up when its children are, and if it gives up before, it is none") {
  fixture here;
  slow_start c{here.sys};
  auto top = here.supervise({.restarts_max = 0}, {light("a", here.book)});
  auto inner = start_child(top, child_supervisor("inner", patient(), {light("b", here.book), c.spec("c", here.book)}));
  REQUIRE(c.eventually_asked(1));
  CHECK_FALSE(inner.ready());
  c.let();
  auto up = inner.wait_for(patience);
  REQUIRE(up);
  CHECK(here.child(*up, "c") != nullptr);
  CHECK(start_child(*up, light("d", here.book)).wait_for(patience)); // a level below
  CHECK(here.list(*up) == lines{"b", "c", "d"});
  auto never = std::make_shared<std::atomic<bool>>(true);
  auto broken =
    child_supervisor("broken", {.restarts_max = 0}, {light("x", here.book), whimsical("y", here.book, never)});
  CHECK(error_of(start_child(top, broken)) == errc::restarts_exhausted);
  CHECK(here.list(top) == lines{"a", "inner"});
  CHECK(stop_child(top, "inner").wait_for(patience));
  CHECK(here.list(top) == lines{"a"});
  CHECK(here.book->take() == lines{"+a", "+b", "+c", "+d", "+x", "-x", "-d", "-c", "-b"});
}
