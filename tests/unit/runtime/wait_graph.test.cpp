#include <catch2/catch.hpp>

#include "bulkhead/runtime/parked_messages.hpp"
#include "bulkhead/runtime/wait_graph.hpp"

#include <caf/mailbox_element.hpp>

#include <string>
#include <vector>


using namespace bulkhead;
using namespace bulkhead::runtime;

namespace {

constexpr wire_address a{0, 1};
constexpr wire_address b{1, 2};
constexpr wire_address c{2, 3};

wait_edge edge(uint64_t id, const wire_address& waits, const wire_address& on) {
  return {id, waits, on};
}

} // namespace

TEST_CASE("a circle of waiting actors is found when all of it stands still at the next look, once, with its path") {
  wait_graph g;
  auto tell = [&] {
    g.update(0, {edge(1, a, b)});
    g.update(1, {edge(1, b, c)});
    g.update(2, {edge(7, c, a)});
  };
  tell();
  CHECK(g.look().empty());
  CHECK(g.look().empty()); // nobody has told anew
  tell();
  auto found = g.look();
  REQUIRE(found.size() == 1);
  CHECK(found[0].size() == 3);
  auto path = describe(found[0]);
  CHECK(path.find("actor 2 in worker process 1 -> actor 3 in worker process 2") != std::string::npos);
  CHECK(path.find("actor 1 in host -> actor 2") != std::string::npos);
  tell();
  CHECK(g.look().empty());
  g.forget(1);
  CHECK(g.look().empty());
  CHECK_FALSE(g.empty());
  g.update(0, {});
  g.update(2, {});
  CHECK(g.empty());
}

// Would catch an alarm about waits that never stood at the same time.
TEST_CASE("actors that wait in turn are no circle, and neither is a line") {
  wait_graph g;
  g.update(0, {edge(1, a, b)});
  g.update(1, {edge(1, b, a)});
  CHECK(g.look().empty());
  g.update(0, {edge(2, a, b)}); // another wait than before
  g.update(1, {edge(1, b, a)});
  CHECK(g.look().empty());
  g.update(0, {edge(3, a, b)});
  g.update(1, {edge(2, b, a)});
  CHECK(g.look().empty());

  wait_graph line;
  for (auto i = 0; i < 3; ++i) {
    line.update(0, {edge(1, a, b)});
    line.update(1, {edge(1, b, c)});
    CHECK(line.look().empty());
  }
}

TEST_CASE("a circle that others wait for is found without them, and two circles are two") {
  wait_graph g;
  const wire_address d{0, 4}, e{1, 5}, f{2, 6};
  auto tell = [&] {
    g.update(0, {edge(1, a, b), edge(2, d, a)});
    g.update(1, {edge(1, b, a), edge(2, e, f)});
    g.update(2, {edge(1, f, e), edge(2, c, c)});
  };
  tell();
  (void) g.look();
  tell();
  auto found = g.look();
  CHECK(found.size() == 3);
  for (auto& x : found)
    CHECK(x.size() <= 2);
}

TEST_CASE("parked messages keep their order, and the oldest asynchronous one gives way") {
  parked_messages parked{{1 << 20, 3}};
  auto item = [](bool request, int32_t value) {
    auto mid = request ? caf::make_message_id(1) : caf::make_message_id();
    return parked_messages::message{nullptr, caf::make_mailbox_element(nullptr, mid, {}, value), 10};
  };
  using outcome = parked_messages::outcome;
  auto put = [&](bool request, int32_t value, bool at_any_rate = true) {
    auto x = item(request, value);
    return parked.park(b, x, at_any_rate);
  };
  CHECK(put(false, 0, false) == outcome::none);
  CHECK(put(true, 1) == outcome::parked);
  CHECK(put(false, 2, false) == outcome::parked);
  CHECK(put(false, 3) == outcome::parked);
  CHECK(put(false, 4) == outcome::parked_for_another); // 2 is gone
  CHECK(put(true, 5) == outcome::parked_for_another);  // 3 is gone
  CHECK(put(true, 6) == outcome::parked_for_another);  // 4 is gone
  CHECK(put(true, 7) == outcome::refused);
  CHECK(put(false, 8) == outcome::parked_for_another); // itself
  std::vector<int32_t> seen;
  parked_messages::message x;
  while (parked.take(b, x))
    seen.push_back(x.what->payload.get_as<int32_t>(0));
  CHECK(seen == std::vector<int32_t>{1, 5, 6});
  CHECK(put(false, 9, false) == outcome::none);
}

TEST_CASE("what comes while the last parked message is on its way waits behind it") {
  parked_messages parked{{1 << 20, 3}};
  auto item = [](int32_t value) {
    return parked_messages::message{nullptr, caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, value), 10};
  };
  auto first = item(1);
  CHECK(parked.park(b, first, true) == parked_messages::outcome::parked);
  parked_messages::message taken;
  REQUIRE(parked.take(b, taken));
  auto second = item(2);
  CHECK(parked.park(b, second, false) == parked_messages::outcome::parked);
  parked.put_back(b, std::move(taken));
  CHECK(parked.take_all().size() == 2);
  CHECK(parked.targets().empty());
}
