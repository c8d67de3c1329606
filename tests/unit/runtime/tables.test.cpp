#include <catch2/catch.hpp>

#include "support/fixture.hpp"

#include <bulkhead/runtime/caf_node.hpp>
#include <bulkhead/runtime/export_table.hpp>
#include <bulkhead/runtime/handle_scan.hpp>
#include <bulkhead/runtime/pending_table.hpp>
#include <bulkhead/transport/codec.hpp>

#include <string>
#include <vector>

using namespace bulkhead;
using namespace bulkhead::runtime;

namespace {

caf::behavior idle(caf::event_based_actor*) {
  return {[](caf::ok_atom) {}};
}

caf::strong_actor_ptr make_idle(caf::actor_system& sys) {
  return caf::actor_cast<caf::strong_actor_ptr>(sys.spawn(idle));
}

struct counted_pins final : pins {
  void pin(const caf::strong_actor_ptr&) override {
    ++count;
  }
  void unpin(const caf::strong_actor_ptr&) override {
    --count;
  }
  int count = 0;
};

std::vector<uint64_t> handles_in(caf::actor_system& sys, const transport::system_key& key,
                                 const caf::message& content) {
  caf::mailbox_element what{nullptr, caf::make_message_id(), {}, content};
  caf::byte_buffer encoded;
  uint16_t flags = 0;
  REQUIRE_FALSE(transport::encode(sys.dummy_execution_unit(), what, encoded, flags, nullptr));
  std::vector<uint64_t> result;
  if (may_hold_handles(content, {}))
    for_each_handle(std::as_bytes(std::span{encoded}), {key, {}}, [&](const wire_address& who) {
      CHECK(who.process == transport::host_process);
      result.push_back(who.actor);
    });
  return result;
}

} // namespace

TEST_CASE("an open request is taken once") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  auto actor = make_idle(sys);
  pending_table table;
  table.insert({1, 2, 3}, {caf::make_message_id(3), actor, {}});
  table.insert({1, 2, 4}, {caf::make_message_id(4), actor, {}});
  table.insert({2, 2, 3}, {caf::make_message_id(3), actor, {}});
  CHECK(table.size() == 3);
  auto taken = table.take({1, 2, 3});
  REQUIRE(taken);
  CHECK(taken->requester == actor);
  CHECK_FALSE(table.take({1, 2, 3}));
  CHECK_FALSE(table.take({1, 3, 4}));
  auto left = table.take_all();
  REQUIRE(left.size() == 2);
  for (auto& x : left)
    CHECK(x.what.requester == actor);
  CHECK(table.size() == 0);
  CHECK_FALSE(table.take({1, 2, 4}));
}

TEST_CASE("a request that is open at two looks in a row is returned once") {
  pending_table table;
  table.insert({1, 2, 3}, {});
  auto first = table.look();
  CHECK(first.all.empty());
  CHECK(first.more);
  table.insert({1, 2, 4}, {});
  auto second = table.look();
  REQUIRE(second.all.size() == 1);
  CHECK(second.all[0].key == request_key{1, 2, 3});
  CHECK(second.more);
  (void) table.take({1, 2, 4});
  auto third = table.look();
  CHECK(third.all.empty());
  CHECK_FALSE(third.more);
}

TEST_CASE("an exported actor is held until each peer has let go of what it was sent last") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  auto actor = make_idle(sys);
  counted_pins registry;
  export_table table{registry};
  wire_address who{0, actor->aid};
  CHECK(table.note(who, actor, 1, {10, 0}));
  CHECK_FALSE(table.note(who, actor, 1, {20, 3}));
  CHECK_FALSE(table.note(who, actor, 2, {5, 0}));
  CHECK(table.size() == 1);
  CHECK(table.release(who, 1, {19, 3}) == nullptr); // another copy is on its way
  CHECK(table.release(who, 1, {20, 2}) == nullptr); // in either lane
  CHECK(table.release(who, 1, {20, 3}) == nullptr); // peer 2 has it
  table.unpin_unless_held(who, actor);
  CHECK(registry.count == 1);
  CHECK(table.release(who, 2, {5, 0}) == actor);
  CHECK(table.release(who, 2, {5, 0}) == nullptr);
  CHECK(table.size() == 0);
  CHECK(registry.count == 0);
  CHECK(table.note(who, actor, 1, {30, 3}));
  CHECK_FALSE(table.note(who, actor, 2, {30, 0}));
  CHECK(table.forget(1).empty());
  CHECK(table.forget(2) == std::vector{actor});
  CHECK(registry.count == 0);
}

TEST_CASE("the reason of an exported actor's end is remembered for a while") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  auto actor = make_idle(sys);
  counted_pins registry;
  export_table table{registry};
  wire_address who{0, actor->aid};
  (void) table.note(who, actor, 1, {1, 0});
  table.ended(who, caf::exit_reason::kill);
  CHECK(table.size() == 0);
  CHECK(registry.count == 0);
  CHECK(table.reason_of(who) == caf::make_error(caf::exit_reason::kill));
  CHECK_FALSE(table.reason_of({5, 5}));
  for (uint64_t i = 0; i < 5000; ++i)
    table.ended({7, i}, caf::exit_reason::user_shutdown);
  CHECK_FALSE(table.reason_of(who));
}

TEST_CASE("handles are found wherever they stand in a message") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  auto key = make_system_key();
  set_node(sys, make_node(transport::host_process, key));
  std::vector<caf::actor> actors;
  for (auto i = 0; i < 4; ++i)
    actors.push_back(sys.spawn(idle));
  auto id = [&](size_t i) { return actors[i].id(); };
  CHECK(handles_in(sys, key, caf::make_message(actors[0])) == std::vector<uint64_t>{id(0)});
  CHECK(handles_in(sys, key, caf::make_message(actors)) == std::vector<uint64_t>{id(0), id(1), id(2), id(3)});
  CHECK(handles_in(sys, key, caf::make_message(std::string{"x"}, caf::make_message(int32_t{1}, actors[2])))
        == std::vector<uint64_t>{id(2)});
  CHECK(handles_in(sys, key, caf::make_message(caf::make_error(caf::sec::runtime_error, actors[3])))
        == std::vector<uint64_t>{id(3)});
  CHECK(handles_in(sys, key, caf::make_message(actors[1].address())) == std::vector<uint64_t>{id(1)});
  CHECK(handles_in(sys, key, caf::make_message(caf::actor_cast<caf::strong_actor_ptr>(actors[1])))
        == std::vector<uint64_t>{id(1)});
  CHECK(handles_in(sys, key, caf::make_message(true, std::string(500, 'x'))).empty());
  CHECK(handles_in(sys, make_system_key(), caf::make_message(actors)).empty());
  for (auto& x : actors) // CAF has registered what was encoded
    sys.registry().erase(x.id());
}

TEST_CASE("a node id names a process of one system") {
  auto key = make_system_key();
  CHECK(key != make_system_key());
  for (transport::process_number number : {0u, 1u, 77u, 0xfffffffeu}) {
    auto node = make_node(number, key);
    CHECK(node);
    CHECK(number_of(node, key) == number);
    CHECK_FALSE(number_of(node, make_system_key()));
    auto parts = parts_of(node);
    REQUIRE(parts);
    CHECK(parts->key == key);
    CHECK(process_in_node(parts->process) == number);
  }
  CHECK_FALSE(number_of(caf::node_id{}, key));
  CHECK_FALSE(parts_of(caf::node_id{}));
  CHECK_FALSE(process_in_node(0));
}
