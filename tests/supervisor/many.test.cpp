// Thousands of children that come and go. What would be caught: something that each of them leaves behind, and work that grows with the
// square of their number, by the watchdog.
#include "children.hpp"

#include <catch2/catch.hpp>

using namespace supervisor_test;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::eventually;
using test_support::patience;
using lines = std::vector<std::string>;

namespace {

caf::behavior guest(caf::event_based_actor* self) {
  return {[self](caf::close_atom) { self->quit(); },
          [self](caf::delete_atom) { self->quit(caf::make_error(caf::sec::runtime_error, "as told")); }};
}

// Lives as long as anything of its child's specification does.
using token = std::shared_ptr<int>;

child_spec guest_spec(const std::string& name, const token& kept) {
  return child(name, [kept](caf::event_based_actor* self) { return self->spawn(guest); });
}

std::string name_of(int number) {
  return "guest " + std::to_string(number);
}

} // namespace

TEST_CASE("a thousand children that are added and told to end leave nothing behind") {
  fixture here;
  auto how = GENERATE(strategy::one_for_one, strategy::rest_for_one);
  auto top = here.supervise({.strategy = how}, {light("a", here.book)});
  REQUIRE(here.child(top, "a") != nullptr);
  auto actors_before = here.sys.registry().running();
  auto kept = std::make_shared<int>();
  constexpr int count = 1000;
  std::vector<future<caf::actor>> started;
  for (int i = 0; i < count; ++i)
    started.push_back(start_child(top, guest_spec(name_of(i), kept)));
  for (auto& x : started)
    REQUIRE(error_of(x) == caf::error{});
  started.clear();
  CHECK(here.list(top).size() == count + 1);
  CHECK(kept.use_count() > count);
  std::vector<future<void>> stopped;
  for (int i = 0; i < count; ++i)
    stopped.push_back(stop_child(top, name_of((i * 7) % count)));
  for (auto& x : stopped)
    REQUIRE(error_of(x) == caf::error{});
  CHECK(here.list(top) == lines{"a"});
  CHECK(eventually([&] { return kept.use_count() == 1; }));
  CHECK(eventually([&] { return here.sys.registry().running() == actors_before; }));
}

TEST_CASE("temporary children that are added and end by themselves, well or not, are forgotten") {
  fixture here;
  auto how = GENERATE(strategy::one_for_one, strategy::one_for_all);
  auto top = here.supervise({.strategy = how, .restarts_max = 0}, {light("a", here.book)});
  auto a = here.child(top, "a");
  auto kept = std::make_shared<int>();
  const int count = test_support::sanitized ? 2'000 : 10'000;
  for (int i = 0; i < count; ++i)
    start_child(top, guest_spec(name_of(i), kept).restarts(restart_type::temporary)).on_done([i](const auto& started) {
      if (started && i % 2 == 0)
        caf::anon_send(*started, caf::close_atom_v);
      else if (started)
        caf::anon_send(*started, caf::delete_atom_v);
    });
  CHECK(eventually([&] { return kept.use_count() == 1; }));
  CHECK(here.list(top) == lines{"a"});
  CHECK(here.child(top, "a") == a);
  auto again = start_child(top, guest_spec(name_of(0), kept).restarts(restart_type::temporary)).wait_for(patience);
  REQUIRE(again);
  CHECK(here.list(top) == lines{"a", name_of(0)});
}

TEST_CASE("thousands of children are up at once, and the supervisor ends with all of them") {
  fixture here;
  auto top = here.supervise({}, {});
  auto actors_before = here.sys.registry().running();
  auto kept = std::make_shared<int>();
  const int count = test_support::sanitized ? 1'000 : 5'000;
  std::vector<future<caf::actor>> started;
  for (int i = 0; i < count; ++i)
    started.push_back(start_child(top, guest_spec(name_of(i), kept)));
  for (auto& x : started)
    REQUIRE(error_of(x) == caf::error{});
  started.clear();
  CHECK(here.end(top) == caf::exit_reason::user_shutdown);
  top = nullptr;
  CHECK(eventually([&] { return kept.use_count() == 1; }));
  CHECK(eventually([&] { return here.sys.registry().running() == actors_before - 1; }));
}
