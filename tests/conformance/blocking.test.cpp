// Handlers that wait on the thread that runs them, with what CAF has for that. Would catch: a worker whose only thread waits for what it
// alone can bring; handlers of one actor that run at the same time; threads that stay for each wait.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <iterator>

using namespace conformance;
using namespace test_support;

namespace {

struct asker_state {
  std::unique_ptr<caf::scoped_actor> kept;
  int32_t handlers = 0;
};

using asker_actor = caf::stateful_actor<asker_state>;

caf::actor child_of(asker_actor* self, const std::string& how) {
  return how == "detached child" ? self->spawn<caf::detached>(echo) : self->spawn(echo);
}

int32_t threads_of_this_process() {
  return static_cast<int32_t>(std::distance(std::filesystem::directory_iterator{"/proc/self/task"}, {}));
}

caf::behavior patient_asker(asker_actor* self) {
  return {
    [=](const caf::actor& whom, int32_t x) {
      if (++self->state.handlers != 1)
        return -1;
      caf::scoped_actor inner{self->system()};
      auto result = ask<int32_t>(inner, whom, x).value();
      --self->state.handlers;
      return result;
    },
    [=](const std::string& how, int32_t x) {
      if (how == "kept scoped actor") {
        if (!self->state.kept)
          self->state.kept = std::make_unique<caf::scoped_actor>(self->system());
        return ask<int32_t>(*self->state.kept, self->spawn(echo), x).value();
      }
      if (how == "answer to a scoped actor") {
        caf::scoped_actor inner{self->system()};
        self->send(self->spawn(relay, caf::actor_cast<caf::actor>(inner)), std::to_string(x));
        return static_cast<int32_t>(std::stoi(next<std::string>(inner).value()));
      }
      if (how == "function view")
        return static_cast<int32_t>(caf::make_function_view(child_of(self, how), patience)(x)->get_as<int32_t>(0));
      caf::scoped_actor inner{self->system()};
      return ask<int32_t>(inner, child_of(self, how), x).value();
    },
    [=](const std::vector<caf::actor>& rest, int32_t x) {
      if (rest.empty())
        return x;
      caf::scoped_actor inner{self->system()};
      return ask<int32_t>(inner, rest.back(), std::vector<caf::actor>(rest.begin(), rest.end() - 1), x + 1).value();
    },
    [=](caf::put_atom, const caf::actor& whom, int32_t x) {
      caf::scoped_actor inner{self->system()};
      auto result = ask<int32_t>(inner, whom, x);
      return result ? ask<int32_t>(inner, self->spawn(echo), *result).value() : -1;
    },
    [](caf::get_atom) { return threads_of_this_process(); },
  };
}

const known_actor patient_asker_known{bulkhead::heavy<"patient_asker", patient_asker>::add_to};

// Keeps its first request until another one comes, which it answers at once.
caf::behavior late(caf::event_based_actor* self) {
  auto kept = std::make_shared<std::optional<caf::typed_response_promise<int32_t>>>();
  return {
    [=](int32_t) {
      *kept = self->make_response_promise<int32_t>();
      return **kept;
    },
    [=](caf::ok_atom, int32_t x) {
      if (*kept)
        (*kept)->deliver(x);
      return kept->has_value();
    },
    [=](caf::get_atom) { return kept->has_value(); },
  };
}

} // namespace

TEST_CASE("a handler that waits for an answer on its thread gets it") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto who = s.spawn_together("patient_asker");
  SECTION("from an actor at another place") {
    CHECK(ask<int32_t>(s.self, who, s.spawn_together("echo"), int32_t{1}) == 1);
    CHECK(ask<int32_t>(s.self, who, s.spawn("echo"), int32_t{2}) == 2);
    CHECK(ask<int32_t>(s.self, who, s.sys.spawn(echo), int32_t{3}) == 3);
  }
  SECTION("in each way that CAF has") {
    for (auto how : {"child", "detached child", "function view", "kept scoped actor", "answer to a scoped actor",
                     "kept scoped actor", "child"}) {
      CAPTURE(how);
      CHECK(ask<int32_t>(s.self, who, std::string{how}, int32_t{4}) == 4);
    }
  }
}

TEST_CASE("while a handler waits, its worker's other actors go on, and its own messages wait") {
  stage s{place::in_worker};
  auto who = s.spawn_together("patient_asker");
  auto other = s.spawn_together("echo");
  auto slow = s.sys.spawn(late);
  auto held = s.self->request(who, caf::infinite, slow, int32_t{0});
  auto behind = s.self->request(who, caf::infinite, other, int32_t{8});
  for (int32_t i = 0; i < 1000; ++i)
    REQUIRE(ask<int32_t>(s.self, other, i) == i);
  REQUIRE(eventually([&] { return ask<bool>(s.self, slow, caf::ok_atom_v, int32_t{7}) == true; }));
  held.receive([](int32_t x) { CHECK(x == 7); }, [](const caf::error& why) { FAIL(to_string(why)); });
  behind.receive([](int32_t x) { CHECK(x == 8); }, [](const caf::error& why) { FAIL(to_string(why)); });
}

TEST_CASE("a handler that waits again gets its answer, although another thread serves by then") {
  stage s{place::in_worker};
  auto first = s.spawn_together("patient_asker");
  auto second = s.spawn_together("patient_asker");
  auto other = s.spawn_together("echo");
  auto slow = s.sys.spawn(late);
  auto slower = s.sys.spawn(late);
  auto keeps = [&](const caf::actor& who) { return ask<bool>(s.self, who, caf::get_atom_v) == true; };
  auto in_front = s.self->request(first, caf::infinite, slow, int32_t{0});
  REQUIRE(eventually([&] { return keeps(slow); }));
  auto behind = s.self->request(second, caf::infinite, caf::put_atom_v, slower, int32_t{0});
  REQUIRE(eventually([&] { return keeps(slower); }));
  CHECK(ask<bool>(s.self, slow, caf::ok_atom_v, int32_t{8}) == true);
  in_front.receive([](int32_t x) { CHECK(x == 8); }, [](const caf::error& why) { FAIL(to_string(why)); });
  for (int32_t i = 0; i < 100; ++i)
    REQUIRE(ask<int32_t>(s.self, other, i) == i); // by now the first thread serves again
  CHECK(ask<bool>(s.self, slower, caf::ok_atom_v, int32_t{9}) == true);
  behind.receive([](int32_t x) { CHECK(x == 9); }, [](const caf::error& why) { FAIL(to_string(why)); });
}

TEST_CASE("handlers of one worker that wait for each other in a row all get their answers") {
  stage s{place::in_worker};
  std::vector<caf::actor> all;
  for (auto i = 0; i < 12; ++i)
    all.push_back(s.spawn_together("patient_asker"));
  auto rest = std::vector<caf::actor>(all.begin() + 1, all.end());
  for (auto round = 0; round < 20; ++round)
    CHECK(ask<int32_t>(s.self, all.front(), rest, int32_t{0}) == 11);
}

TEST_CASE("a thousand handlers that wait leave few threads more") {
  stage s{place::in_worker};
  auto who = s.spawn("patient_asker");
  auto before = ask<int32_t>(s.self, who, caf::get_atom_v);
  REQUIRE(before);
  for (int32_t i = 0; i < 1000; ++i)
    REQUIRE(ask<int32_t>(s.self, who, std::string{"child"}, i) == i);
  auto after = ask<int32_t>(s.self, who, caf::get_atom_v);
  REQUIRE(after);
  CHECK(*after <= *before + 8); // one, and another each time that it has not arrived when it is needed again
}
