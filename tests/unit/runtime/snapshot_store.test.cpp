#include <catch2/catch.hpp>

#include <bulkhead/runtime/snapshot_store.hpp>

#include <vector>

using bulkhead::runtime::snapshot_store;

namespace {

std::vector<std::byte> bytes(size_t count, int content) {
  return std::vector<std::byte>(count, static_cast<std::byte>(content));
}

bool holds(const snapshot_store& store, size_t count, int content) {
  return store.last() == caf::byte_buffer(count, static_cast<caf::byte>(content));
}

} // namespace

TEST_CASE("a store keeps the last snapshot, whatever the sizes") {
  snapshot_store store;
  CHECK(store.last().empty());
  for (size_t count : {10u, 1'000'000u, 20u, 0u, 300u}) {
    store.keep(bytes(count, 1));
    CHECK(holds(store, count, 1));
    store.keep(bytes(count, 2));
    CHECK(holds(store, count, 2));
  }
}

TEST_CASE("a store that is closed has nothing, and takes nothing") {
  snapshot_store store;
  store.keep(bytes(10, 1));
  store.close();
  CHECK(store.last().empty());
  store.keep(bytes(10, 2));
  CHECK(store.last().empty());
}
