#include <catch2/catch.hpp>

#include <bulkhead/supervision/pool_policy.hpp>

#include <algorithm>
#include <random>
#include <vector>

using namespace bulkhead::supervision;

namespace {

std::vector<member_load> random_loads(std::minstd_rand& random) {
  std::vector<member_load> result(random() % 8);
  for (auto& x : result)
    x = {random() % 3 != 0, random() % 6};
  return result;
}

} // namespace

TEST_CASE("the member with fewest messages gets the next one, and none that is full or down") {
  std::minstd_rand random{17};
  for (int round = 0; round < 2000; ++round) {
    auto all = random_loads(random);
    size_t taken_max = 1 + random() % 5;
    auto may = [&](const member_load& x) { return x.takes && x.taken < taken_max; };
    auto found = least_loaded(all, taken_max);
    CHECK(found.has_value() == std::any_of(all.begin(), all.end(), may));
    if (!found)
      continue;
    CHECK(may(all[*found]));
    for (auto& x : all)
      CHECK((!may(x) || x.taken >= all[*found].taken));
  }
}

TEST_CASE("each member that has room gets its turn before one gets a second") {
  std::minstd_rand random{18};
  for (int round = 0; round < 2000; ++round) {
    auto all = random_loads(random);
    size_t taken_max = 1 + random() % 5;
    auto open = static_cast<size_t>(
      std::count_if(all.begin(), all.end(), [&](auto& x) { return x.takes && x.taken < taken_max; }));
    std::vector<size_t> turns(all.size());
    size_t last = all.empty() ? 0 : random() % all.size();
    for (size_t i = 0; i < open; ++i) {
      auto next = next_in_turn(all, last, taken_max);
      REQUIRE(next);
      last = *next;
      CHECK(++turns[last] == 1);
    }
    CHECK(next_in_turn(all, last, taken_max).has_value() == (open > 0));
  }
}

TEST_CASE("when a member goes only its own keys move, and all members get about as many") {
  std::vector<uint32_t> members{3, 4, 7, 11, 12};
  constexpr uint64_t keys = 20'000;
  for (size_t gone = 0; gone < members.size(); ++gone) {
    auto left = members;
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(gone));
    for (uint64_t key = 0; key < keys; key += 7) {
      auto before = members[rendezvous(key, members)];
      auto after = left[rendezvous(key, left)];
      CHECK((before == members[gone] || before == after));
    }
  }
  std::vector<size_t> shares(members.size());
  for (uint64_t key = 0; key < keys; ++key)
    ++shares[rendezvous(key, members)];
  for (auto share : shares) {
    CHECK(share > keys / members.size() * 9 / 10);
    CHECK(share < keys / members.size() * 11 / 10);
  }
}

TEST_CASE("a pool keeps the members that it needed, and its least number") {
  CHECK(surplus(5, 1, 2) == 3);
  CHECK(surplus(5, 4, 2) == 1);
  CHECK(surplus(5, 1, 9) == 0);
  CHECK(surplus(1, 1, 0) == 0);
  CHECK(surplus(3, 0, 0) == 2);
}
