#include <catch2/catch.hpp>

#include "bulkhead/runtime/wait_graph.hpp"

#include <set>
#include <vector>

using namespace bulkhead;
using namespace bulkhead::runtime;

namespace {

constexpr wire_address a{0, 1};
constexpr wire_address b{1, 2};
constexpr wire_address c{2, 3};

wait_edge edge(uint64_t id, const wire_address& waits, const wire_address& on) {
  return {.id = id, .waits = waits, .on = on};
}

wait_edge request(uint64_t id, const wire_address& waits, const wire_address& on, uint64_t number, uint64_t cause,
                  bool untouched, const wire_address& cause_of = a) {
  return {.id = id,
          .waits = waits,
          .on = on,
          .request = number,
          .cause = cause,
          .cause_of = cause_of,
          .untouched = untouched};
}

// What is found when both processes tell twice.
size_t circles(const wait_edge& first, const wait_edge& second) {
  wait_graph g;
  for (auto i = 0; i < 2; ++i) {
    g.update(0, {first});
    g.update(1, {second});
    if (i == 0)
      CHECK(g.look().empty());
  }
  return g.look().size();
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
}

TEST_CASE("a circle of requests counts if each is untouched, or made while the one before was handled") {
  CHECK(circles(request(1, a, b, 5, 0, true), request(2, b, a, 6, 0, true)) == 1);
  CHECK(circles(request(1, a, b, 5, 0, false), request(2, b, a, 6, 5, true)) == 1);
  CHECK(circles(request(1, a, b, 5, 0, false), request(2, b, a, 6, 5, true, c)) == 0);
  // The first request may have been handed on, to somebody who answers it meanwhile.
  CHECK(circles(request(1, a, b, 5, 0, false), request(2, b, a, 6, 4, true)) == 0);
  CHECK(circles(request(1, a, b, 5, 0, false), request(2, b, a, 6, 5, false)) == 0);
  // One waits for room with an actor that awaits a response.
  CHECK(circles(edge(1, a, b), request(2, b, a, 6, 0, true)) == 1);
  CHECK(circles(edge(1, a, b), request(2, b, a, 6, 0, false)) == 0);
  CHECK(describe({request(1, a, b, 5, 0, true), edge(2, b, a)}).find("actor 1 in host (request 5) -> actor 2") == 0);
}

TEST_CASE("while a circle has been seen once, its processes are asked to tell anew") {
  wait_graph g;
  CHECK(g.asked().empty());
  g.update(0, {edge(1, a, b)});
  g.update(1, {edge(1, b, a)});
  CHECK(g.look().empty());
  CHECK(g.asked() == std::set<transport::process_number>{0, 1});
  g.update(0, {edge(1, a, b)});
  CHECK(g.look().empty());
  CHECK(g.asked() == std::set<transport::process_number>{1});
  g.update(1, {edge(1, b, a)});
  CHECK(g.look().size() == 1);
  CHECK(g.asked().empty());
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

TEST_CASE("a request that any of several may take is part of a circle only if none of them can go on") {
  wait_graph g;
  auto by_any = request(1, a, {}, 5, 0, true);
  by_any.any_of = {b, c};
  auto b_waits = request(2, b, a, 6, 5, true);
  auto c_waits = request(3, c, a, 7, 5, true);
  auto tell = [&](bool c_too) {
    g.update(0, {by_any});
    g.update(1, {b_waits});
    g.update(2, c_too ? std::vector{c_waits} : std::vector<wait_edge>{});
    return g.look().size();
  };
  CHECK(tell(false) + tell(false) == 0);
  CHECK(tell(true) == 0);
  CHECK(tell(true) == 1);
}
