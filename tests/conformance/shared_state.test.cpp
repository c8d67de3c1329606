// Shared state: handles in messages in every direction, and what is read through them.

#include <catch2/catch.hpp>

#include "conformance/actors.hpp"

#include <bulkhead/bulkhead.hpp>
#include <bulkhead/platform/this_process.hpp>

#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace conformance;
using namespace test_support;
using bulkhead::shared_array;
using bulkhead::shared_array_writer;
using bulkhead::shared_counter;
using bulkhead::shared_map;
using bulkhead::shared_value;
using bulkhead::shared_value_writer;

namespace {

struct librarian_state {
  shared_value<reading> kept;
  std::optional<shared_value_writer<int64_t>> own;
  std::optional<shared_array_writer<int32_t>> own_array;
};

caf::behavior librarian(caf::stateful_actor<librarian_state>* self) {
  return {
    [self](const shared_value<reading>& x) {
      self->state.kept = x;
      return self->state.kept.load().parts[0];
    },
    [self](caf::get_atom) {
      auto now = self->state.kept.load();
      return now.whole() ? now.parts[0] : int64_t{-1};
    },
    [](const shared_value<int64_t>& x) { return x.load(); },
    [self](caf::forward_atom, const caf::actor& to, const shared_value<int64_t>& x) { return self->delegate(to, x); },
    [self](caf::open_atom, int64_t initial) -> caf::result<shared_value<int64_t>> {
      auto made = shared_value_writer<int64_t>::make(self->system(), initial);
      if (!made)
        return std::move(made.error());
      self->state.own = std::move(*made);
      return self->state.own->share();
    },
    [self](caf::add_atom, int64_t x) {
      return static_cast<int64_t>(self->state.own->update([x](int64_t& value) { value += x; }));
    },
    [self](caf::wait_for_atom, const shared_value<int64_t>& x, uint64_t seen) {
      auto result = self->make_response_promise<int64_t>();
      x.when_changed(self, seen)
        .then([=](uint64_t) mutable { result.deliver(x.load()); },
              [=](caf::error& why) mutable { result.deliver(std::move(why)); });
      return result;
    },
    [](const shared_array<int32_t>& x) { return x.snapshot(); },
    [self](caf::open_atom, std::vector<int32_t>& elements) -> caf::result<shared_array<int32_t>> {
      auto made = shared_array_writer<int32_t>::make(self->system(), elements.size());
      if (!made)
        return std::move(made.error());
      made->update([&](auto& all) {
        for (size_t i = 0; i < elements.size(); ++i)
          all.set(i, elements[i]);
      });
      self->state.own_array = std::move(*made);
      return self->state.own_array->share();
    },
    [](const shared_counter& x, int64_t amount, int32_t times) {
      for (int32_t i = 0; i < times; ++i)
        x.add(amount);
    },
    [](caf::open_atom) -> caf::result<shared_counter> { return shared_counter::make(); },
    [](const shared_map& x, const std::string& key) { return std::string{x.get_or(key, "(none)")}; },
    [](caf::open_atom, const std::string& key, const std::string& value) -> caf::result<shared_map> {
      return shared_map::make({{key, value}, {"maker", "librarian"}});
    },
    [self](caf::close_atom) { self->state = {}; },
  };
}

const known_actor librarian_known{bulkhead::heavy<"librarian", librarian>::add_to};

/// Memory of shared state that this process maps.
size_t mappings() {
  std::ifstream maps{"/proc/self/maps"};
  size_t result = 0;
  for (std::string line; std::getline(maps, line);)
    result += line.find("bulkhead shared") != std::string::npos;
  return result;
}

} // namespace

TEST_CASE("a value of the host is read where its handle goes, always the latest") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("librarian");
  auto writer = shared_value_writer<reading>::make(s.sys, reading::of(1));
  REQUIRE(writer);
  CHECK(writer->share().version() == 1);
  CHECK(ask<int64_t>(s.self, to, writer->share()) == int64_t{1});
  for (int64_t i = 2; i < 100; ++i) {
    CHECK(writer->store(reading::of(i)) == static_cast<uint64_t>(i));
    CHECK(writer->share().load().parts[5] == i);
    CHECK(ask<int64_t>(s.self, to, caf::get_atom_v) == i);
  }
}

TEST_CASE("a value of a worker is read by the host and by another worker, and outlives its writer") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto owner = s.spawn("librarian");
  auto other = s.spawn("librarian");
  auto value = ask<shared_value<int64_t>>(s.self, owner, caf::open_atom_v, int64_t{10});
  REQUIRE(value);
  CHECK(value->load() == 10);
  CHECK(ask<int64_t>(s.self, other, *value) == int64_t{10});
  CHECK(ask<int64_t>(s.self, owner, *value) == int64_t{10}); // it comes home
  CHECK(ask<int64_t>(s.self, owner, caf::forward_atom_v, other, *value) == int64_t{10});
  CHECK(ask<int64_t>(s.self, owner, caf::add_atom_v, int64_t{5}) == int64_t{2});
  CHECK(value->load() == 15);
  CHECK(value->version() == 2);
  CHECK(ask<int64_t>(s.self, other, *value) == int64_t{15});
  REQUIRE(ask<void>(s.self, owner, caf::close_atom_v));
  CHECK(value->load() == 15);
  CHECK(ask<int64_t>(s.self, other, *value) == int64_t{15});
}

TEST_CASE("a change is awaited as a message, from every process, and many changes are one") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto owner = s.spawn("librarian");
  auto other = s.spawn("librarian");
  auto value = ask<shared_value<int64_t>>(s.self, owner, caf::open_atom_v, int64_t{0});
  REQUIRE(value);
  // What was not seen yet is told at once.
  CHECK(ask<int64_t>(s.self, other, caf::wait_for_atom_v, *value, uint64_t{0}) == int64_t{0});
  int64_t answered = -1;
  for (int64_t round = 1; round <= 20; ++round) {
    auto seen = value->version();
    auto waiting = s.self->request(other, patience, caf::wait_for_atom_v, *value, seen);
    auto waiting_here = value->when_changed(s.self.ptr(), seen, patience);
    REQUIRE(ask<int64_t>(s.self, owner, caf::add_atom_v, int64_t{1}));
    waiting.receive([&](int64_t x) { answered = x; }, [](const caf::error& why) { FAIL(to_string(why)); });
    CHECK(answered == round);
    uint64_t now = 0;
    waiting_here.receive([&](uint64_t x) { now = x; }, [](const caf::error& why) { FAIL(to_string(why)); });
    CHECK(now == seen + 1);
  }
}

TEST_CASE("whoever waits for a change when the writer ends is told, and so is who asks later") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto owner = s.spawn("librarian");
  auto value = ask<shared_value<int64_t>>(s.self, owner, caf::open_atom_v, int64_t{0});
  REQUIRE(value);
  auto waiting = value->when_changed(s.self.ptr(), value->version());
  REQUIRE(ask<void>(s.self, owner, caf::close_atom_v));
  caf::error reason;
  waiting.receive([](uint64_t) { FAIL("nothing has changed"); }, [&](caf::error& why) { reason = std::move(why); });
  CHECK(reason == caf::sec::request_receiver_down);
  value->when_changed(s.self.ptr(), value->version())
    .receive([](uint64_t) { FAIL("nothing has changed"); }, [&](caf::error& why) { reason = std::move(why); });
  CHECK(reason == caf::sec::request_receiver_down);
  shared_value<int64_t>{}
    .when_changed(s.self.ptr(), 0)
    .receive([](uint64_t) { FAIL("there is nothing"); }, [&](caf::error& why) { reason = std::move(why); });
  CHECK(reason == caf::sec::invalid_argument);
}

TEST_CASE("an array of either side is read by the other, single elements and all of an update") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("librarian");
  auto writer = shared_array_writer<int32_t>::make(s.sys, 4);
  REQUIRE(writer);
  writer->set(1, 7);
  writer->update([](auto& all) {
    all.set(2, all.at(1) + 1);
    all.set(3, 9);
  });
  CHECK(ask<std::vector<int32_t>>(s.self, to, writer->share()) == std::vector<int32_t>{0, 7, 8, 9});
  CHECK(writer->share().version() == 2);
  CHECK_THROWS_AS(writer->update([](auto& all) {
    all.set(0, 1);
    all.set(4, 1);
  }),
                  std::out_of_range);
  CHECK_THROWS_AS(writer->set(4, 1), std::out_of_range);
  CHECK_THROWS_AS(writer->share().at(4), std::out_of_range);
  CHECK(writer->share().at(0) == 0); // the update that threw was never seen
  CHECK(writer->share().try_snapshot(1, 2) == std::vector<int32_t>{7, 8});
  CHECK(writer->share().try_snapshot(3, 100) == std::vector<int32_t>{9});
  CHECK(writer->share().try_snapshot(100, 1) == std::vector<int32_t>{});
  auto theirs = ask<shared_array<int32_t>>(s.self, to, caf::open_atom_v, std::vector<int32_t>{1, 2, 3});
  REQUIRE(theirs);
  CHECK(theirs->snapshot() == std::vector<int32_t>{1, 2, 3});
  CHECK(theirs->at(2) == 3);
  auto waiting = theirs->when_changed(s.self.ptr(), theirs->version());
  REQUIRE(ask<void>(s.self, to, caf::close_atom_v));
  waiting.receive([](uint64_t) { FAIL("nothing has changed"); },
                  [](const caf::error& why) { CHECK(why == caf::sec::request_receiver_down); });
  CHECK(theirs->at(1) == 2);
  CHECK_FALSE((shared_array_writer<int32_t>::make(s.sys, 0) || shared_array_writer<int32_t>::make(s.sys, SIZE_MAX)));
}

TEST_CASE("several processes add to one counter, and nothing is lost") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  std::vector<caf::actor> adders{s.spawn("librarian"), s.spawn("librarian"), s.sys.spawn(librarian)};
  auto counter = ask<shared_counter>(s.self, adders[0], caf::open_atom_v);
  REQUIRE(counter);
  for (auto& x : adders)
    CHECK(ask<void>(s.self, x, *counter, int64_t{1}, int32_t{1}));
  constexpr int32_t times = 20'000;
  for (auto& x : adders)
    s.self->send(x, *counter, int64_t{3}, times);
  for (auto& x : adders)
    CHECK(ask<void>(s.self, x, *counter, int64_t{-1}, int32_t{1}));
  CHECK(counter->load() == 3 * 3 * times);
}

TEST_CASE("a map of either side is found in by all") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("librarian");
  std::map<std::string, std::string> words;
  for (int i = 0; i < 5'000; ++i)
    words["key " + std::to_string(i)] = std::string(static_cast<size_t>(i % 100), 'x');
  auto ours = shared_map::make(words);
  REQUIRE(ours);
  CHECK(ours->size() == words.size());
  CHECK(ours->find("key 42") == std::string(42, 'x'));
  CHECK(ask<std::string>(s.self, to, *ours, std::string{"key 99"}) == std::string(99, 'x'));
  CHECK(ask<std::string>(s.self, to, *ours, std::string{"key"}) == std::string{"(none)"});
  CHECK(ask<std::string>(s.self, to, shared_map{}, std::string{"key"}) == std::string{"(none)"});
  auto theirs = ask<shared_map>(s.self, to, caf::open_atom_v, std::string{"a"}, std::string{"b"});
  REQUIRE(theirs);
  CHECK(theirs->size() == 2);
  CHECK(theirs->find("a") == "b");
  CHECK(theirs->at(1) == shared_map::item{"maker", "librarian"});
  CHECK(shared_map::make({{"twice", "1"}, {"twice", "2"}}).error() == caf::sec::invalid_argument);
}

TEST_CASE("an empty handle arrives empty, and reading it is an error with its reason") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("librarian");
  auto failed = ask<int64_t>(s.self, to, shared_value<int64_t>{});
  REQUIRE_FALSE(failed); // the exception ended the actor
  shared_value<int64_t> empty;
  CHECK_FALSE(empty);
  CHECK(empty.version() == 0);
  CHECK_THROWS_AS(empty.load(), bulkhead::shared_state_error);
  CHECK(empty.try_load().error() == bulkhead::errc::value_unreadable);
  CHECK_THROWS_AS(shared_counter{}.add(), bulkhead::shared_state_error);
  CHECK_THROWS_AS(shared_counter{}.load(), bulkhead::shared_state_error);
  CHECK(shared_array<int32_t>{}.snapshot().empty());
  CHECK_THROWS_AS(shared_array<int32_t>{}.at(0), std::out_of_range);
  CHECK_FALSE(shared_map{}.find("x"));
}

TEST_CASE("shared state leaves no descriptor behind after its last handle") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("librarian");
  REQUIRE(ask<shared_map>(s.self, to, caf::open_atom_v, std::string{"a"}, std::string{"b"})); // warm
  auto before = bulkhead::platform::open_descriptors();
  for (int round = 0; round < 20; ++round) {
    auto writer = shared_value_writer<reading>::make(s.sys, reading::of(round));
    REQUIRE(writer);
    for (int i = 0; i < 5; ++i) // the same one again and again
      CHECK(ask<int64_t>(s.self, to, writer->share()) == int64_t{round});
    auto value = ask<shared_value<int64_t>>(s.self, to, caf::open_atom_v, int64_t{round});
    auto map = ask<shared_map>(s.self, to, caf::open_atom_v, std::string{"a"}, std::string{"b"});
    auto counter = ask<shared_counter>(s.self, to, caf::open_atom_v);
    REQUIRE((value && map && counter));
    CHECK(mappings() >= 4);
    REQUIRE(ask<void>(s.self, to, caf::close_atom_v));
  }
  CHECK(eventually([] { return mappings() == 0; }));
  CHECK(eventually([&] { return bulkhead::platform::open_descriptors() <= before; }));
}
