// What a process left, read by another program. Would catch: bytes of one type that are read as another one, a read behind the end.
#include <catch2/catch.hpp>

#include "support/types.hpp"

#include <bulkhead/transport/snapshot.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>

#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace bulkhead;
using transport::decode_snapshot;
using transport::encode_snapshot;

namespace {

// Without a type id.
struct ledger {
  std::string owner;
  std::map<std::string, int64_t> entries;
  std::vector<double> rates;

  template <class Inspector>
  friend bool inspect(Inspector& f, ledger& x) {
    return f.object(x).fields(f.field("owner", x.owner), f.field("entries", x.entries), f.field("rates", x.rates));
  }

  friend bool operator==(const ledger&, const ledger&) = default;
};

struct thrower {
  template <class Inspector>
  friend bool inspect(Inspector&, thrower&) {
    throw std::runtime_error{"thrown on purpose"};
  }
};

struct with_actor {
  caf::actor friend_of;

  template <class Inspector>
  friend bool inspect(Inspector& f, with_actor& x) {
    return f.object(x).fields(f.field("friend_of", x.friend_of));
  }
};

std::span<const std::byte> octets_of(const caf::byte_buffer& what) {
  return {reinterpret_cast<const std::byte*>(what.data()), what.size()};
}

template <class T>
caf::byte_buffer snapshot_of(const T& value) {
  caf::byte_buffer result;
  REQUIRE_FALSE(encode_snapshot(value, result));
  return result;
}

bool tells(const caf::error& failed, const std::string& what) {
  return to_string(failed).find(what) != std::string::npos;
}

const ledger sample{"Luca", {{"debit", -5}, {"credit", 7}}, {1.5, 2.5}};

} // namespace

TEST_CASE("a state without a type id is read as it was left") {
  ledger back;
  REQUIRE_FALSE(decode_snapshot(octets_of(snapshot_of(sample)), back));
  CHECK(back == sample);
  int64_t number = 0;
  REQUIRE_FALSE(decode_snapshot(octets_of(snapshot_of(int64_t{-3})), number));
  CHECK(number == -3);
  std::vector<float> numbers;
  REQUIRE_FALSE(decode_snapshot(octets_of(snapshot_of(std::vector<float>(1000, 1.5f))), numbers));
  CHECK(numbers == std::vector<float>(1000, 1.5f));
}

TEST_CASE("a state of another type is refused with both names") {
  uint64_t back = 0;
  auto failed = decode_snapshot(octets_of(snapshot_of(sample)), back);
  CHECK(failed == errc::decode_failed);
  CHECK(tells(failed, "ledger"));
  CHECK(tells(failed, "unsigned long"));
}

TEST_CASE("a state that is cut off, or has something behind it, is refused") {
  auto whole = snapshot_of(sample);
  for (size_t count = 0; count < whole.size(); ++count) {
    ledger back;
    CHECK(decode_snapshot(octets_of(whole).first(count), back) == errc::decode_failed);
  }
  whole.push_back(caf::byte{0});
  ledger back;
  auto failed = decode_snapshot(octets_of(whole), back);
  CHECK(failed == errc::decode_failed);
  CHECK(tells(failed, "left over"));
}

TEST_CASE("any bytes are a state or an error") {
  std::minstd_rand random{4711};
  auto whole = snapshot_of(sample);
  for (auto i = 0; i < 20'000; ++i) {
    auto bytes = i % 2 == 0 ? whole : caf::byte_buffer(random() % 100);
    for (auto& x : bytes)
      if (i % 2 == 1 || random() % bytes.size() == 0)
        x = static_cast<caf::byte>(random() % 256);
    ledger back;
    auto failed = decode_snapshot(octets_of(bytes), back);
    CHECK((!failed || failed == errc::decode_failed));
  }
}

TEST_CASE("a state that cannot be written or read is named, and so is why") {
  caf::byte_buffer out;
  auto failed = encode_snapshot(thrower{}, out);
  CHECK(failed == errc::encode_failed);
  CHECK(tells(failed, "thrower"));
  CHECK(tells(failed, "thrown on purpose"));
  test_support::unreadable back;
  failed = decode_snapshot(octets_of(snapshot_of(test_support::unreadable{1})), back);
  CHECK(failed == errc::decode_failed);
  CHECK(tells(failed, "on purpose"));
}

TEST_CASE("a state with the handle of an actor is refused, and told what to do") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  with_actor state{sys.spawn([](caf::event_based_actor*) {})};
  caf::byte_buffer out;
  auto failed = encode_snapshot(state, out);
  CHECK(failed == errc::encode_failed);
  CHECK(tells(failed, "keep what leads to that actor again"));
}
