// Catches words that a dying worker leaves and that its host does not find, or that a later failure paints over.
#include "bulkhead/shm/notes.hpp"

#include "regions.hpp"

#include <catch2/catch.hpp>

using namespace bulkhead::shm;
using namespace bulkhead::shm::test;

TEST_CASE("a region has neither last words nor a hint at first") {
  guarded_region region{small};
  CHECK(last_words(region.foreign()) == 0);
  CHECK(hint(region.foreign()) == 0);
}

TEST_CASE("the first last words stay") {
  guarded_region region{small};
  leave_last_words(region.own(), 7);
  leave_last_words(region.own(), 8);
  CHECK(last_words(region.foreign()) == 7);
}

TEST_CASE("the newest hint counts") {
  guarded_region region{small};
  give_hint(region.own(), 3);
  give_hint(region.own(), 2);
  CHECK(hint(region.foreign()) == 2);
}
