// A supervisor ends while its children come and go. What would be caught: somebody who waits for what never happens, a child that is left, a
// supervisor that lives for nobody or ends for nothing.
#include "children.hpp"

#include <catch2/catch.hpp>

using namespace supervisor_test;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::eventually;
using test_support::patience;
using lines = std::vector<std::string>;

namespace {

/// When a child is linked to its supervisor; `at_once` it ends, too.
enum link_time { early, at_once, late };

} // namespace

TEST_CASE("who adds a child to a supervisor that ends, was killed or has ended is told at once") {
  fixture here;
  slow_start b{here.sys};
  auto top = here.supervise({}, {light("a", here.book)});
  auto started = start_child(top, b.spec("b", here.book));
  REQUIRE(b.eventually_asked(1));
  here.self->monitor(top);
  auto killed = GENERATE(false, true);
  here.self->send_exit(top, killed ? caf::exit_reason::kill : caf::exit_reason::user_shutdown);
  if (killed) {
    CHECK(error_of(started) == caf::sec::request_receiver_down);
  } else {
    CHECK(error_of(started) == caf::exit_reason::user_shutdown); // although its start goes on
    CHECK(error_of(start_child(top, light("c", here.book))) == caf::exit_reason::user_shutdown);
    CHECK(stop_child(top, "a").wait_for(patience) == caf::error{caf::exit_reason::user_shutdown});
    CHECK(error_of(restart_child(top, "a")) == caf::exit_reason::user_shutdown);
    b.let();
  }
  CHECK(test_support::end_of(here.self, top));
  CHECK(error_of(start_child(top, light("c", here.book))) == caf::sec::request_receiver_down);
  CHECK(stop_child(top, "a").wait_for(patience) == caf::error{caf::sec::request_receiver_down});
  CHECK(error_of(restart_child(top, "a")) == caf::sec::request_receiver_down);
  CHECK(eventually([&] { return !here.book->entries().empty() && here.book->entries().back() == "-a"; }));
  auto notes = here.book->take();
  CHECK(notes == (killed ? lines{"+a", "-a"} : lines{"+a", "+b", "-b", "-a"}));
}

TEST_CASE("a start that is under way when the last handle goes does not keep the supervisor") {
  fixture here;
  auto top = here.supervise({}, {light("a", here.book)});
  auto spec = light("b", here.book);
  // Without a request, whose sender would live until it is answered.
  spec.start = [](caf::event_based_actor*, const detail::child_started&) {};
  auto started = start_child(top, spec);
  REQUIRE(eventually([&] { return here.list(top) == lines{"a", "b:starting"}; }));
  top = nullptr;
  CHECK(error_of(started) == caf::sec::request_receiver_down);
  CHECK(here.book->eventually_has(2));
  CHECK(here.book->take() == lines{"+a", "-a"});
}

TEST_CASE("a supervisor that is told to end while a child does ends both, and who waits is told") {
  fixture here;
  auto killed = GENERATE(false, true);
  auto top = here.supervise({}, {light("a", here.book), stubborn("b", here.book).stops_within(0ms)});
  REQUIRE(here.child(top, "b") != nullptr);
  auto b = here.child(top, "b");
  here.book->take();
  auto stopped = stop_child(top, "b");
  REQUIRE(here.book->eventually_has(1));
  here.self->monitor(top);
  here.self->send_exit(top, killed ? caf::exit_reason::kill : caf::exit_reason::user_shutdown);
  if (killed) {
    CHECK(error_of(stopped) == caf::sec::request_receiver_down);
    REQUIRE(here.book->eventually_has(2)); // the heir tells it as well
  }
  caf::anon_send_exit(b, caf::exit_reason::kill);
  CHECK(test_support::end_of(here.self, top));
  if (!killed)
    CHECK(stopped.wait_for(patience));
  REQUIRE(here.book->eventually_has(killed ? 4 : 3));
  CHECK(here.book->take() == (killed ? lines{"?b", "?b", "-b", "-a"} : lines{"?b", "-b", "-a"}));
}

TEST_CASE("the end of an added child that is linked to its supervisor is not the supervisor's") {
  fixture here;
  auto top = here.supervise(patient(), {});
  auto when = GENERATE(early, at_once, late);
  auto spec = child("linked", [when](caf::event_based_actor* self) {
    auto body = [when, top = self->address()](caf::event_based_actor* me) -> caf::behavior {
      auto end = [me] { me->quit(caf::make_error(caf::sec::runtime_error, "linked")); };
      if (when == late)
        me->link_to(top);
      if (when == at_once)
        end();
      return {[end](caf::delete_atom) { end(); }};
    };
    return when == late ? self->spawn(body) : self->spawn<caf::linked>(body);
  });
  for (int round = 0; round < 50; ++round) {
    auto linked = start_child(top, child_spec{spec}.restarts(restart_type::temporary)).wait_for(patience);
    REQUIRE(linked);
    caf::anon_send(*linked, caf::delete_atom_v);
    REQUIRE(eventually([&] { return here.list(top).empty(); }));
  }
}
