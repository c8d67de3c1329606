#include <catch2/catch.hpp>

#include "bulkhead/runtime/parked_messages.hpp"

#include <caf/mailbox_element.hpp>

#include <vector>

using namespace bulkhead;
using namespace bulkhead::runtime;

namespace {

constexpr wire_address other{0, 1};
constexpr wire_address full{1, 2};

} // namespace

TEST_CASE("parked messages keep their order, and the oldest asynchronous one gives way") {
  parked_messages parked{{1 << 20, 3}};
  auto item = [](bool request, int32_t value) {
    auto mid = request ? caf::make_message_id(1) : caf::make_message_id();
    return parked_messages::message{nullptr, caf::make_mailbox_element(nullptr, mid, {}, value), 10};
  };
  using outcome = parked_messages::outcome;
  auto put = [&](bool request, int32_t value) {
    auto x = item(request, value);
    return parked.park_for_oldest(full, x);
  };
  CHECK_FALSE(parked.wait_for(full));
  CHECK(put(true, 1) == outcome::parked);
  CHECK(parked.wait_for(full));
  CHECK_FALSE(parked.wait_for(other));
  CHECK(put(false, 2) == outcome::parked);
  CHECK(put(false, 3) == outcome::parked);
  CHECK(put(false, 4) == outcome::dropped); // 2 is gone
  CHECK(put(true, 5) == outcome::dropped);  // 3 is gone
  CHECK(put(true, 6) == outcome::dropped);  // 4 is gone
  CHECK(put(true, 7) == outcome::refused);
  CHECK(put(false, 8) == outcome::dropped); // itself
  std::vector<int32_t> seen;
  parked_messages::message x;
  while (parked.take(full, x))
    seen.push_back(x.what->payload.get_as<int32_t>(0));
  CHECK(seen == std::vector<int32_t>{1, 5, 6});
  CHECK_FALSE(parked.wait_for(full));
}

TEST_CASE("what comes while the last parked message is on its way waits behind it") {
  parked_messages parked{{1 << 20, 3}};
  auto item = [](int32_t value) {
    return parked_messages::message{nullptr, caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, value), 10};
  };
  parked.park(full, item(1));
  parked_messages::message taken;
  REQUIRE(parked.take(full, taken));
  CHECK(parked.wait_for(full));
  parked.park(full, item(2));
  parked.put_back(full, std::move(taken));
  CHECK(parked.take_all(other).empty());
  CHECK(parked.take_all(full).size() == 2);
  CHECK(parked.targets().empty());
}
