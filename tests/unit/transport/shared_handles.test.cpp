// Catches handles of shared state that are taken for something else than they are, and foreign memory that is believed.
#include <catch2/catch.hpp>

#include "support/types.hpp"

#include <bulkhead/transport/attachments.hpp>
#include <bulkhead/transport/codec.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/deep_to_string.hpp>
#include <caf/scoped_execution_unit.hpp>

#include <cstring>
#include <string>

using namespace bulkhead;
using namespace bulkhead::transport;

namespace {

/// What a handle to an actor needs while it is read.
struct context {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_execution_unit unit{&sys};
};

/// What arrives when a process sends `ticket` as a handle of type `Handle`.
template <class Handle>
caf::error arrival(const shared_ticket& ticket, const fd& file, caf::message& content) {
  context c;
  caf::byte_buffer body;
  caf::binary_serializer sink{&c.unit, body};
  auto label = ticket.label;
  auto place = file ? int32_t{0} : int32_t{-1};
  auto herald = ticket.herald;
  REQUIRE((sink.value(uint8_t{1}) && sink.value(caf::type_id_v<Handle>) && sink.apply(label)
           && sink.value(ticket.extent) && sink.value(place) && sink.apply(herald)));
  incoming_attachments beside;
  if (file)
    beside.descriptors.push_back(file);
  caf::mailbox_element::forwarding_stack stages;
  return decode(&c.unit, 0, std::as_bytes(std::span{body.data(), body.size()}), &beside, stages, content);
}

shared_region::pointer memory(size_t bytes, region_writers writers, int octet = 0) {
  auto made = shared_region::make(bytes, writers, [octet](auto all) { std::memset(all.data(), octet, all.size()); });
  REQUIRE(made);
  return *made;
}

bool has(const caf::error& what, const char* text) {
  return to_string(what).find(text) != std::string::npos;
}

} // namespace

TEST_CASE("a handle arrives as what it is") {
  caf::message content;
  auto counter = shared_counter::make();
  REQUIRE(counter);
  counter->add(42);
  REQUIRE_FALSE(arrival<shared_counter>(counter->to_ticket(), counter->to_ticket().file, content));
  CHECK(content.get_as<shared_counter>(0).load() == 42);
  auto map = shared_map::make({{"a", "1"}});
  REQUIRE(map);
  REQUIRE_FALSE(arrival<shared_map>(map->to_ticket(), map->to_ticket().file, content));
  CHECK(content.get_as<shared_map>(0).find("a") == "1");
}

TEST_CASE("a handle of another type or size is refused with the names of both") {
  caf::message content;
  auto region = memory(shared_value<int64_t>::layout.bytes(), region_writers::maker);
  shared_value<int64_t> value{region, {}};
  auto wrong = arrival<shared_value<test_support::reading>>(value.to_ticket(), region->file(), content);
  CHECK(wrong == errc::decode_failed);
  CHECK(has(wrong, "shared_value of long (8 bytes)"));
  CHECK(has(wrong, "shared_value of test_support::reading (96 bytes)"));
  auto ticket = value.to_ticket();
  ticket.label.back() = '4';
  wrong = arrival<shared_value<int64_t>>(ticket, region->file(), content);
  CHECK(has(wrong, "(8 bytes)"));
  CHECK(has(wrong, "(4 bytes)"));
  for (auto label : {"", "/", "//", "shared_value", "no/such/thing/at/all"}) {
    ticket.label = label;
    CHECK(arrival<shared_value<int64_t>>(ticket, region->file(), content) == errc::decode_failed);
  }
  CHECK(arrival<shared_counter>(value.to_ticket(), region->file(), content) == errc::decode_failed);
  CHECK(arrival<shared_map>(value.to_ticket(), region->file(), content) == errc::decode_failed);
}

TEST_CASE("a map that could still change, or that is none, is refused") {
  caf::message content;
  auto map = shared_map::make({{"a", "1"}});
  REQUIRE(map);
  auto ticket = map->to_ticket();
  for (int64_t off : {-8, -1, 1, 4096}) {
    auto lying = ticket;
    lying.extent += static_cast<uint64_t>(off);
    CHECK(arrival<shared_map>(lying, ticket.file, content) == errc::decode_failed);
  }
  auto bytes = static_cast<size_t>(ticket.extent);
  for (auto writers : {region_writers::maker, region_writers::everybody}) {
    auto changing = memory(bytes, writers);
    CHECK(arrival<shared_map>(ticket, changing->file(), content) == errc::decode_failed);
  }
  for (auto octet : {0x00, 0x01, 0xff}) {
    auto garbage = memory(bytes, region_writers::nobody, octet);
    CHECK(arrival<shared_map>(ticket, garbage->file(), content) == errc::decode_failed);
  }
}

TEST_CASE("a counter whose memory is of another size, or cannot be written, is refused") {
  caf::message content;
  auto counter = shared_counter::make();
  REQUIRE(counter);
  auto ticket = counter->to_ticket();
  auto bytes = static_cast<size_t>(ticket.extent);
  CHECK(arrival<shared_counter>(ticket, memory(bytes / 2, region_writers::everybody)->file(), content)
        == errc::decode_failed);
  CHECK(arrival<shared_counter>(ticket, memory(bytes, region_writers::nobody)->file(), content) == errc::decode_failed);
  CHECK(arrival<shared_counter>(ticket, memory(bytes, region_writers::maker)->file(), content) == errc::decode_failed);
}

TEST_CASE("a handle that leaves the machine arrives empty") {
  auto counter = shared_counter::make();
  REQUIRE(counter);
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_execution_unit context{&sys};
  caf::byte_buffer out;
  caf::binary_serializer sink{&context, out};
  REQUIRE(sink.apply(*counter));
  caf::binary_deserializer source{&context, out};
  shared_counter arrived;
  REQUIRE(source.apply(arrived));
  CHECK_FALSE(arrived);
  CHECK(caf::deep_to_string(*counter).find("shared_counter") != std::string::npos);
}
