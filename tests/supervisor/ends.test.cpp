// What would be caught here: a supervisor that ends before its children have, in another order, or never; one that leaves a process behind.
#include "children.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>

using namespace supervisor_test;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::eventually;
using test_support::gate;
using lines = std::vector<std::string>;

namespace {

bool process_exists(int pid) {
  return std::filesystem::exists("/proc/" + std::to_string(pid));
}

worker_options restarted() {
  worker_options result;
  result.restart = {.when = restart_when::on_crash, .restarts_max = 1000};
  return result;
}

} // namespace

TEST_CASE("a supervisor that is told to end ends its children in reverse order, then itself with that reason") {
  fixture here;
  auto top = here.supervise({}, {light("a", here.book), in_worker("h"), light("b", here.book), light("c", here.book)});
  auto h = here.child(top, "h");
  here.self->monitor(h);
  REQUIRE(here.child(top, "c") != nullptr);
  here.book->take();
  here.self->monitor(top);
  here.self->send_exit(top, caf::exit_reason::remote_link_unreachable);
  CHECK(test_support::end_of(here.self, h) == caf::error{caf::exit_reason::user_shutdown});
  CHECK(test_support::end_of(here.self, top) == caf::error{caf::exit_reason::remote_link_unreachable});
  CHECK(here.book->take() == lines{"-c", "-b", "-a"});
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("a light child that ignores an exit is killed when its time is over, and only then the next one ends") {
  fixture here;
  auto top =
    here.supervise({}, {light("a", here.book), stubborn("b", here.book).stops_within(50ms), light("c", here.book)});
  REQUIRE(here.child(top, "c") != nullptr);
  here.book->take();
  CHECK(here.end(top) == caf::exit_reason::user_shutdown);
  CHECK(here.book->take() == lines{"-c", "?b", "-b", "-a"});
}

TEST_CASE("a light child that hangs in a handler is left behind, and the others end") {
  fixture here;
  gate door;
  auto top = here.supervise({.kill_after = 1ms}, {light("a", here.book), light("b", here.book).stops_within(1ms)});
  status_log log{here.sys, top};
  auto b = here.child(top, "b");
  here.book->take();
  REQUIRE(here.block(b, door));
  CHECK(here.end(top) == caf::exit_reason::user_shutdown);
  CHECK(here.book->take() == lines{"-a"});
  REQUIRE(log.eventually("b", child_state::ended));
  CHECK(to_string(log.last("b").last_end).find("left behind") != std::string::npos);
  door.open();
  CHECK(here.book->eventually_has(1));
}

TEST_CASE("a heavy child that hangs in a handler is ended by force when its time is over") {
  fixture here;
  gate door;
  auto options = GENERATE(worker_options{}, restarted());
  auto top = here.supervise({}, {light("a", here.book), in_worker("h", options).stops_within(1ms)});
  status_log log{here.sys, top};
  auto h = here.child(top, "h");
  auto pid = here.pid(h);
  REQUIRE(pid > 0);
  REQUIRE(here.block(h, door));
  CHECK(here.end(top) == caf::exit_reason::user_shutdown);
  CHECK(here.book->entries() == lines{"+a", "-a"});
  CHECK(eventually([&] { return !process_exists(pid) && here.host.live_workers() == 0; }));
  REQUIRE(log.eventually("h", child_state::ended));
}

TEST_CASE("a process that is ended by force gets SIGTERM first, which it may use to clean up") {
  fixture here;
  gate door;
  auto file = door.path() + ".cleaned";
  auto top = here.supervise({.kill_after = 24h}, {in_worker("h").stops_within(1ms)});
  auto h = here.child(top, "h");
  REQUIRE(test_support::ask<int32_t>(here.self, h, caf::put_atom_v, file));
  REQUIRE(here.block(h, door));
  CHECK(here.end(top) == caf::exit_reason::user_shutdown);
  CHECK(std::filesystem::remove(file));
}

TEST_CASE("a process that ignores SIGTERM is killed with SIGKILL") {
  fixture here;
  gate door;
  auto kill_after = GENERATE(0ms, 50ms);
  auto top = here.supervise({.kill_after = kill_after}, {in_worker("h").stops_within(1ms)});
  auto h = here.child(top, "h");
  REQUIRE(test_support::ask<int32_t>(here.self, h, caf::put_atom_v));
  auto pid = here.pid(h);
  REQUIRE(here.block(h, door));
  CHECK(here.end(top) == caf::exit_reason::user_shutdown);
  CHECK(eventually([&] { return !process_exists(pid); }));
}

TEST_CASE("a worker that is killed by its handle is not replaced, and its certificate says so") {
  fixture here;
  gate door;
  auto options = GENERATE(worker_options{}, restarted());
  options.standard_error = output::discard;
  auto h = here.host.spawn("ward", options);
  REQUIRE(h);
  here.self->monitor(*h);
  REQUIRE(here.block(*h, door));
  CHECK(here.host.kill(*h));
  auto reason = test_support::end_of(here.self, *h);
  REQUIRE(reason);
  auto death = death_of(*reason);
  REQUIRE(death);
  CHECK(death->cause == death_cause::stopped);
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
  auto a = here.sys.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](caf::get_atom) {}}; });
  CHECK_FALSE(here.host.kill(a));
  CHECK_FALSE(here.host.kill(caf::actor{}));
}

TEST_CASE("a supervisor that nobody refers to any more ends its children in reverse order") {
  fixture here;
  auto top = here.supervise(
    {}, {light("a", here.book), in_worker("h"), light("b", here.book), stubborn("c", here.book).stops_within(1ms)});
  REQUIRE(here.child(top, "c") != nullptr);
  here.book->take();
  top = nullptr;
  CHECK(here.book->eventually_has(4));
  CHECK(here.book->take() == lines{"?c", "-c", "-b", "-a"});
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("a supervisor that is killed leaves no child behind") {
  fixture here;
  auto top = here.supervise({}, {light("a", here.book), in_worker("h"), light("b", here.book)});
  REQUIRE(here.child(top, "b") != nullptr);
  here.book->take();
  CHECK(here.end(top, caf::exit_reason::kill) == caf::exit_reason::kill);
  CHECK(here.book->eventually_has(2));
  CHECK(here.book->take() == lines{"-b", "-a"});
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("a supervisor that is told to end while a child starts ends that one too, and who waits for it is told") {
  fixture here;
  slow_start b{here.sys};
  auto top = here.supervise({}, {light("a", here.book), b.spec("b", here.book), light("c", here.book)});
  REQUIRE(b.eventually_asked(1));
  auto look_up = here.self->request(top, test_support::patience, caf::get_atom_v, std::string{"c"});
  here.self->send_exit(top, caf::exit_reason::user_shutdown);
  look_up.receive([](const caf::actor&) { FAIL("it was never started"); },
                  [](const caf::error& why) { CHECK(why == caf::exit_reason::user_shutdown); });
  CHECK(here.book->take() == lines{"+a"});
  here.self->monitor(top);
  b.let();
  CHECK(test_support::end_of(here.self, top) == caf::error{caf::exit_reason::user_shutdown});
  CHECK(here.book->take() == lines{"+b", "-b", "-a"});
}

TEST_CASE("the end of the system ends a tree in order, at any moment, and nothing is left") {
  auto children_before = test_support::count_children();
  auto descriptors_before = count_descriptors();
  auto until = GENERATE(0, 1, 2, 3);
  auto book = std::make_shared<journal>();
  {
    fixture here;
    auto inner = child_supervisor("inner", patient(strategy::one_for_all),
                                  {in_worker("h"), light("b", book), in_worker("i", restarted())});
    auto top =
      here.supervise(patient(strategy::rest_for_one), {light("a", book), in_worker("g"), inner, light("c", book)});
    if (until == 1)
      REQUIRE(book->eventually_has(1));
    if (until >= 2)
      REQUIRE(here.child(top, "c") != nullptr);
    if (until == 3)
      ::kill(here.pid(here.child(top, "g")), SIGKILL);
  }
  auto notes = book->entries();
  for (std::string name : {"a", "b", "c"})
    CHECK(std::count(notes.begin(), notes.end(), "+" + name) == std::count(notes.begin(), notes.end(), "-" + name));
  if (until == 2)
    CHECK(notes == lines{"+a", "+b", "+c", "-c", "-b", "-a"});
  CHECK(test_support::count_children() == children_before);
  CHECK(count_descriptors() == descriptors_before);
}
