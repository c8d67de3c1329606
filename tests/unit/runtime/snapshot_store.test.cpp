#include <catch2/catch.hpp>

#include <bulkhead/runtime/snapshot_store.hpp>
#include <bulkhead/transport/snapshot.hpp>

#include <utility>
#include <vector>

using bulkhead::runtime::snapshot_store;

namespace {

std::vector<std::byte> filled(size_t count, int content) {
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
    store.keep(filled(count, 1));
    CHECK(holds(store, count, 1));
    store.keep(filled(count, 2));
    CHECK(holds(store, count, 2));
  }
}

TEST_CASE("a program that returns gets back its own snapshot, unless the last one is of the same type") {
  auto encoded = [](const auto& x) {
    caf::byte_buffer result;
    REQUIRE_FALSE(bulkhead::transport::encode_snapshot(x, result));
    return result;
  };
  auto keep = [](snapshot_store& store, const caf::byte_buffer& x) {
    store.keep({reinterpret_cast<const std::byte*>(x.data()), x.size()});
  };
  auto own = encoded(int32_t{1});
  auto same = encoded(int32_t{2});
  auto other = encoded(int64_t{3});
  for (auto& [next, expected] : {std::pair{same, same}, {other, own}, {caf::byte_buffer(9, caf::byte{0xff}), own}}) {
    snapshot_store store;
    keep(store, own);
    store.begin_probation();
    keep(store, next);
    store.fail_probation();
    CHECK(store.last() == expected);
  }
  snapshot_store store;
  store.begin_probation();
  keep(store, other);
  store.fail_probation();
  CHECK(store.last().empty());
  keep(store, own);
  store.begin_probation();
  keep(store, other);
  store.end_probation();
  CHECK(store.last() == other);
}

TEST_CASE("a store that is closed has nothing, and takes nothing") {
  snapshot_store store;
  store.keep(filled(10, 1));
  store.close();
  CHECK(store.last().empty());
  store.keep(filled(10, 2));
  CHECK(store.last().empty());
}
