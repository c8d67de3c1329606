#include "children.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace supervisor_test;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::eventually;
using lines = std::vector<std::string>;

namespace {

std::string told_by(const caf::error& reason) {
  if (reason != errc::restarts_exhausted || !reason.context().match_elements<std::string>())
    return "no story, but " + to_string(reason);
  return reason.context().get_as<std::string>(0);
}

child_spec failing(const std::string& name, const journal_ptr& book, std::shared_ptr<std::atomic<int>> failures) {
  auto result = light(name, book);
  result.start = [begin = result.start, failures](caf::event_based_actor* self, const detail::child_started& done) {
    if (failures->fetch_sub(1) > 0)
      throw std::runtime_error("not today");
    begin(self, done);
  };
  return result;
}

// What a supervisor says of children that cannot be.
std::string complaint_of(const supervisor_options& options, std::vector<child_spec> children) {
  fixture here;
  auto result = supervise(here.sys, options, std::move(children));
  return result ? "none" : to_string(result.error());
}

} // namespace

TEST_CASE("a supervisor whose children die too often ends them all, and its reason tells which died of what") {
  fixture here;
  auto top = here.supervise({.restarts_max = 2, .within = 24h, .backoff_min = 0ms},
                            {light("a", here.book), light("b", here.book), in_worker("h"), light("c", here.book)});
  status_log log{here.sys, top};
  here.self->monitor(top);
  here.self->send(here.child(top, "b"), caf::delete_atom_v);
  REQUIRE(log.eventually("b", child_state::up, 1));
  auto pid = here.pid(here.child(top, "h"));
  ::kill(pid, SIGKILL);
  REQUIRE(log.eventually("h", child_state::up, 1));
  REQUIRE(here.child(top, "c") != nullptr);
  here.book->take();
  here.self->send(here.child(top, "b"), caf::delete_atom_v);
  auto reason = test_support::end_of(here.self, top);
  REQUIRE(reason);
  auto story = told_by(*reason);
  CHECK(contains(story, "3 deaths within 86400000 ms, and 2 restarts are allowed"));
  CHECK(contains(story, "b: caf::sec::runtime_error(\"as told\"), h: worker "));
  CHECK(contains(story, "(pid " + std::to_string(pid) + ") was killed by signal 9"));
  CHECK(here.book->take() == lines{"-b", "-c", "-a"});
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("deaths that lie further apart than the time that counts are followed by restarts for ever") {
  fixture here;
  auto top = here.supervise({.restarts_max = 1, .within = 1ms, .backoff_min = 0ms}, {light("a", here.book)});
  status_log log{here.sys, top};
  for (uint32_t round = 1; round <= 5; ++round) {
    auto a = here.child(top, "a");
    auto at = std::chrono::steady_clock::now();
    REQUIRE(eventually([&] { return std::chrono::steady_clock::now() - at > 2ms; }));
    here.self->send(a, caf::delete_atom_v);
    REQUIRE(log.eventually("a", child_state::up, round));
  }
}

TEST_CASE("the first restart comes at once, and each further one waits longer") {
  fixture here;
  auto top = here.supervise({.within = 24h, .backoff_min = 100ms, .backoff_max = 24h}, {light("a", here.book)});
  status_log log{here.sys, top};
  using clock = std::chrono::steady_clock;
  clock::duration waited[4];
  for (uint32_t round = 1; round <= 4; ++round) {
    auto a = here.child(top, "a");
    auto at = clock::now();
    here.self->send(a, caf::delete_atom_v);
    REQUIRE(log.eventually("a", child_state::up, round));
    waited[round - 1] = clock::now() - at;
  }
  CHECK(waited[1] >= 50ms); // up to half of it is taken off
  CHECK(waited[2] >= 100ms);
  CHECK(waited[3] >= 200ms);
}

TEST_CASE("while a child waits for its back-off the others serve, and the supervisor ends at once when it is told to") {
  fixture here;
  auto top = here.supervise({.within = 24h, .backoff_min = 12h, .backoff_max = 24h},
                            {light("a", here.book), light("b", here.book)});
  status_log log{here.sys, top};
  REQUIRE(log.eventually("b", child_state::up));
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("a", child_state::up, 1));
  here.self->send(here.child(top, "a"), caf::delete_atom_v);
  REQUIRE(log.eventually("a", child_state::starting, 1));
  auto b = here.child(top, "b");
  CHECK(test_support::ask<int32_t>(here.self, b, caf::get_atom_v) == int32_t{1});
  auto told = GENERATE(true, false);
  if (told)
    CHECK(here.end(top) == caf::exit_reason::user_shutdown);
  else
    top = nullptr; // a timer must not keep it
  REQUIRE(here.book->eventually_has(6));
  CHECK(here.book->take() == lines{"+a", "+b", "-a", "+a", "-a", "-b"});
}

TEST_CASE("a child that fails to start counts as a death, and is tried again") {
  fixture here;
  auto failures = std::make_shared<std::atomic<int>>(2);
  auto top =
    here.supervise(patient(), {light("a", here.book), failing("b", here.book, failures), light("c", here.book)});
  REQUIRE(here.child(top, "c") != nullptr);
  CHECK(here.book->take() == lines{"+a", "+b", "+c"});
  auto all = test_support::ask<std::vector<child_status>>(here.self, top, caf::get_atom_v);
  REQUIRE(all);
  CHECK((*all)[1].restarts == 2);
  CHECK((*all)[1].last_end == errc::constructor_failed);
}

TEST_CASE("a supervisor whose child never starts gives up with the cause, light or heavy") {
  fixture here;
  auto forever = std::make_shared<std::atomic<int>>(1'000'000);
  supervisor_options options{.restarts_max = 2, .backoff_min = 1ms};
  const std::vector<std::pair<child_spec, std::string>> cases{
    {failing("b", here.book, forever), "b: constructor_failed(\"not today\")"},
    {heavy_child("b", "nobody", worker_options{}), "b: unknown_actor"},
    {heavy_child("b", "ward", worker_options{}, int32_t{7}), "b: wrong_arguments"},
    {heavy_child("b", "ward", worker_options{.program = "/no/such/program"}), "b: program_not_found"},
    {child("b", [](caf::event_based_actor*) { return caf::actor{}; }), "b: startup_failed(\"the handle is empty\")"},
    {child("b",
           [](caf::event_based_actor*) -> caf::expected<caf::actor> { return caf::make_error(errc::shutting_down); }),
     "b: shutting_down"},
    {child("b", [](caf::event_based_actor*) -> caf::actor { throw 7; }), "int"},
  };
  for (auto& [spec, cause] : cases) {
    auto top = here.supervise(options, {light("a", here.book), spec});
    here.self->monitor(top);
    auto reason = test_support::end_of(here.self, top);
    REQUIRE(reason);
    CHECK(contains(told_by(*reason), cause));
    CHECK(contains(told_by(*reason), "3 deaths"));
    CHECK(here.book->take() == lines{"+a", "-a"});
  }
}

TEST_CASE("a supervisor that has nothing but a child that does not start gives up at once") {
  fixture here;
  auto forever = std::make_shared<std::atomic<int>>(1'000'000);
  auto top = here.supervise({.restarts_max = 0}, {failing("a", here.book, forever)});
  here.self->monitor(top);
  auto reason = test_support::end_of(here.self, top);
  REQUIRE(reason);
  CHECK(contains(told_by(*reason),
                 "1 death within 10000 ms, and 0 restarts are allowed in that time: a: constructor_failed"));
  CHECK(here.book->entries().empty());
}

TEST_CASE("one handle as two children is a start that failed") {
  fixture here;
  auto one = here.sys.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](caf::get_atom) {}}; });
  auto same = [one](caf::event_based_actor*) { return one; };
  auto top = here.supervise({.restarts_max = 0}, {child("a", same), child("b", same)});
  here.self->monitor(top);
  auto reason = test_support::end_of(here.self, top);
  REQUIRE(reason);
  CHECK(contains(told_by(*reason), "the handle is of another child"));
}

TEST_CASE("a supervisor that gives up is a death for its parent, which starts the whole subtree again") {
  fixture here;
  supervisor_options inner_options{.restarts_max = 1, .within = 24h, .backoff_min = 0ms};
  inner_options.strategy = strategy::one_for_all;
  auto inner = child_supervisor("inner", inner_options, {light("b", here.book), light("c", here.book)});
  auto outer = patient(strategy::rest_for_one);
  outer.restarts_max = 1;
  auto top = here.supervise(outer, {light("a", here.book), inner, light("d", here.book)});
  status_log log{here.sys, top};
  here.self->monitor(top);
  REQUIRE(log.eventually("d", child_state::up));
  auto die_twice = [&] {
    auto middle = here.child(top, "inner");
    status_log below{here.sys, middle};
    here.self->send(here.child(middle, "b"), caf::delete_atom_v);
    REQUIRE(below.eventually("c", child_state::up, 1));
    here.self->send(here.child(middle, "c"), caf::delete_atom_v);
  };
  die_twice();
  REQUIRE(log.eventually("d", child_state::up, 1));
  CHECK(here.book->take() == lines{"+a", "+b", "+c", "+d", "-b", "-c", "+b", "+c", "-c", "-b", "-d", "+b", "+c", "+d"});
  CHECK(log.last("inner").last_end == errc::restarts_exhausted);
  die_twice();
  auto reason = test_support::end_of(here.self, top);
  REQUIRE(reason);
  auto story = told_by(*reason);
  CHECK(contains(story, "2 deaths"));
  CHECK(contains(story, "inner: gave up after 2 deaths within 86400000 ms"));
  CHECK(contains(story, "c: caf::sec::runtime_error(\"as told\")"));
  CHECK(here.book->eventually_has(8));
  CHECK(here.book->take() == lines{"-b", "-c", "+b", "+c", "-c", "-b", "-d", "-a"});
}

TEST_CASE("a subtree that waits for a back-off while it comes up ends at once when the tree does") {
  fixture here;
  auto forever = std::make_shared<std::atomic<int>>(1'000'000);
  supervisor_options slow{.within = 24h, .backoff_min = 12h, .backoff_max = 24h};
  auto inner = child_supervisor("inner", slow, {light("b", here.book), failing("c", here.book, forever)});
  auto top = here.supervise({}, {light("a", here.book), inner, light("d", here.book)});
  REQUIRE(eventually([&] { return *forever == 999'998; })); // the first restart came at once
  auto told = GENERATE(true, false);
  if (told) {
    auto look_up = here.self->request(top, test_support::patience, caf::get_atom_v, std::string{"inner"});
    CHECK(here.end(top) == caf::exit_reason::user_shutdown);
    look_up.receive([](const caf::actor&) { FAIL("it was never up"); },
                    [](const caf::error& why) { CHECK(why == caf::exit_reason::user_shutdown); });
  } else {
    top = nullptr;
  }
  REQUIRE(here.book->eventually_has(4));
  CHECK(here.book->take() == lines{"+a", "+b", "-b", "-a"});
}

TEST_CASE("what is wrong with a supervisor's options or children is named, also deep in a tree") {
  auto book = std::make_shared<journal>();
  auto a = light("a", book);
  CHECK(contains(complaint_of({}, {a, light("b", book), a}), "must be of one child only, and a is of two"));
  CHECK(contains(complaint_of({}, {light("", book)}), "must not be empty"));
  CHECK(contains(complaint_of({}, {light("b", book).stops_within(-1ms)}), "stop_within"));
  CHECK(contains(complaint_of({}, {light("b", book).stops_within(25h)}), "stop_within"));
  CHECK(contains(complaint_of({}, {light("b", book).restarts(static_cast<restart_type>(3))}), "must be permanent"));
  CHECK(contains(complaint_of({}, {child_spec{.name = "b"}}), "must be a function for b"));
  CHECK(contains(complaint_of({}, {in_worker("b", {.mailbox_bytes = 5})}), "mailbox_bytes"));
  CHECK(contains(complaint_of({.restarts_max = 1001}, {a}), "restarts_max"));
  CHECK(contains(complaint_of({}, {a, child_supervisor("s", {}, {child_supervisor("t", {.within = 0ms}, {a})})}),
                 "within"));
  CHECK(complaint_of({}, {}) == "none");
}
