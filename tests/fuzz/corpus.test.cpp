// Catches bytes of another process that a reader does not survive: the targets of the fuzzer, for a bounded time and always the same.
#include "fuzz/targets.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace {

void change(fuzz::octets& what, std::minstd_rand& random) {
  if (what.empty())
    return;
  auto at = random() % what.size();
  switch (random() % 5) {
  case 0:
    what[at] = static_cast<std::byte>(random());
    break;
  case 1:
    what[at] ^= static_cast<std::byte>(1u << random() % 8);
    break;
  case 2:
    what.resize(at);
    break;
  case 3:
    what.insert(what.begin() + static_cast<std::ptrdiff_t>(at), 1 + random() % 20, static_cast<std::byte>(random()));
    break;
  default:
    what[at] = random() % 2 == 0 ? std::byte{0xff} : std::byte{0};
  }
}

} // namespace

TEST_CASE("what reads bytes of other processes survives any that the fuzzer starts with, and thousands like them") {
  for (auto& target : fuzz::targets()) {
    INFO(target.name);
    target.run({});
    std::minstd_rand random{23};
    for (auto& seed : target.seeds()) {
      REQUIRE_FALSE(seed.empty());
      target.run(seed);
      for (int round = 0; round < 500; ++round) {
        auto changed = seed;
        for (auto i = 1 + random() % 4; i > 0; --i)
          change(changed, random);
        target.run(changed);
      }
    }
  }
  SUCCEED();
}
