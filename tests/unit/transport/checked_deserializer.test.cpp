// Catches bytes that make their reader recurse, count or allocate without bound, or use a number as an index, and a reader that reads
// something else than CAF wrote.
#include "support/nested.hpp"

#include <bulkhead/transport/codec.hpp>
#include <bulkhead/transport/snapshot.hpp>
#include <bulkhead/transport/task_records.hpp>
#include <bulkhead/transport/type_loaders.hpp>

#include <caf/all.hpp>

#include <catch2/catch.hpp>

#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

using namespace bulkhead;
using namespace bulkhead::transport;
using namespace test_support;

namespace {

std::span<const std::byte> bytes_in(const caf::byte_buffer& bytes) {
  return std::as_bytes(std::span{bytes});
}

caf::error outcome_of(const caf::byte_buffer& body, caf::message& content) {
  caf::mailbox_element::forwarding_stack stages;
  return decode(nullptr, 0, bytes_in(body), nullptr, stages, content);
}

caf::error outcome_of(const caf::byte_buffer& body) {
  caf::message content;
  return outcome_of(body, content);
}

caf::byte_buffer encoded_message(const caf::message& content) {
  caf::mailbox_element what{nullptr, caf::make_message_id(), {}, content};
  caf::byte_buffer out;
  uint16_t flags = 0;
  auto failed = encode(nullptr, what, out, flags, nullptr);
  INFO(to_string(failed));
  REQUIRE_FALSE(failed);
  return out;
}

bool names_limit(const caf::error& failed) {
  return failed == errc::decode_failed && to_string(failed).find("nested in more than 256 levels") != std::string::npos;
}

caf::message nested() {
  return caf::make_message(int32_t{1}, caf::make_message(caf::make_error(caf::sec::runtime_error)));
}

constexpr size_t too_deep = 300'000;

} // namespace

TEST_CASE("what is nested without end is refused with the limit, and costs no stack") {
  CHECK(names_limit(outcome_of(nested_messages(too_deep))));
  CHECK(names_limit(outcome_of(nested_errors(too_deep))));
  CHECK(names_limit(outcome_of(nested_settings(too_deep))));
  CHECK(names_limit(outcome_of(nested_dictionaries(too_deep))));
  CHECK(names_limit(outcome_of(nested_trees(too_deep))));
  CHECK(names_limit(outcome_of(long_chain(too_deep))));
  auto reason = nested_reason(too_deep);
  CHECK(names_limit(decode_reason(nullptr, bytes_in(reason))));
}

TEST_CASE("what an honest sender nests is read") {
  CHECK_FALSE(outcome_of(nested_messages(80)));
  CHECK_FALSE(outcome_of(nested_errors(20)));
  CHECK_FALSE(outcome_of(nested_settings(50)));
  CHECK_FALSE(outcome_of(nested_dictionaries(50)));
  CHECK_FALSE(outcome_of(nested_trees(100)));
  CHECK_FALSE(outcome_of(long_chain(200)));
  // Nothing adds up from one message to the next, or from one element to the next.
  tree wide;
  wide.children.resize(10'000);
  for (auto& x : wide.children)
    x.children.resize(1);
  for (int i = 0; i < 3; ++i) {
    caf::message back;
    REQUIRE_FALSE(outcome_of(encoded_message(caf::make_message(wide)), back));
    CHECK(back.get_as<tree>(0).children.size() == 10'000);
  }
}

TEST_CASE("elements that need no byte are counted") {
  auto failed = outcome_of(countless_nothings());
  CHECK(failed == errc::decode_failed);
  CHECK(to_string(failed).find("4294967295") != std::string::npos);
  CHECK_FALSE(outcome_of(encoded_message(caf::make_message(std::vector<nothing>(1000)))));
}

TEST_CASE("a count that never ends, or that has too many bits, is refused") {
  for (auto id : {caf::type_id_v<std::string>, caf::type_id_v<std::u16string>, caf::type_id_v<std::u32string>,
                  caf::type_id_v<std::set<std::string>>, caf::type_id_v<caf::byte_buffer>, caf::type_id_v<long double>,
                  caf::type_id_v<caf::message>, caf::type_id_v<std::vector<int32_t>>,
                  caf::type_id_v<std::vector<nothing>>, caf::type_id_v<std::vector<fd>>,
                  caf::type_id_v<std::vector<caf::actor>>, caf::type_id_v<caf::dictionary<caf::config_value>>})
    for (auto last : {0xffu, 0x80u, 0x7fu, 0x10u}) {
      caf::byte_buffer body;
      append_types(body, id);
      for (int i = 0; i < 100; ++i)
        append(body, {0xff});
      append(body, {last});
      CHECK(outcome_of(body) == errc::decode_failed);
      body.clear();
      append_types(body, id);
      append(body, {0xff, 0xff, 0xff, 0xff, last});
      CHECK(outcome_of(body) == errc::decode_failed);
    }
}

TEST_CASE("an error has a code of a type for errors, or is none") {
  for (auto id : {caf::type_id_v<caf::sec>, caf::type_id_v<caf::exit_reason>, caf::type_id_v<caf::pec>,
                  caf::type_id_v<errc>, caf::type_id_v<trouble>}) {
    caf::message back;
    REQUIRE_FALSE(outcome_of(error_with_category(id), back));
    CHECK_FALSE(to_string(back).empty());
    CHECK(decode_reason(nullptr, bytes_in(reason_with_category(id))).category() == id);
  }
  for (auto id : {caf::type_id_v<std::string>, caf::type_id_v<caf::message>, caf::type_id_v<caf::error>,
                  caf::type_id_v<tree>, caf::type_id_t{0}, caf::type_id_t{999}, caf::type_id_t{65535}}) {
    CHECK(outcome_of(error_with_category(id)) == errc::decode_failed);
    CHECK(decode_reason(nullptr, bytes_in(reason_with_category(id))) == errc::decode_failed);
    caf::byte_buffer inside; // of another type
    append_types(inside, caf::type_id_v<task_result>);
    inside.resize(inside.size() + sizeof(uint64_t));
    auto error = error_with_category(id);
    inside.insert(inside.end(), error.begin(), error.end());
    CHECK(outcome_of(inside) == errc::decode_failed);
  }
}

TEST_CASE("what CAF and Bulkhead write of their types is read as it was") {
  auto check = [](const caf::message& content) {
    caf::message back;
    REQUIRE_FALSE(outcome_of(encoded_message(content), back));
    CHECK(to_string(back) == to_string(content));
  };
  check(caf::make_message(true, int8_t{-1}, int16_t{-2}, int32_t{-3}, int64_t{-4}, uint8_t{1}, uint16_t{2}, uint32_t{3},
                          uint64_t{4}, 1.5f, 2.5));
  check(caf::make_message(static_cast<long double>(0.25), std::string{"text"}, std::u16string(3, u'x'),
                          std::u32string(200, U'y')));
  check(caf::make_message(std::set<std::string>{"a", "b"}, caf::byte_buffer(300), caf::none, caf::unit));
  check(caf::make_message(caf::config_value{caf::config_value::dictionary{{"a", caf::config_value{int64_t{1}}},
                                                                          {"b", caf::config_value{"text"}}}},
                          caf::timespan{5}, caf::timestamp{caf::timespan{7}}));
  check(caf::make_message(caf::make_error(trouble::some, std::string{"context"}, caf::make_message(int32_t{1})),
                          caf::node_id{}, *caf::make_uri("caf://host/path?a=b#c")));
  check(caf::make_message(std::vector<std::pair<std::string, caf::message>>{{"one", caf::make_message(1.0)}},
                          task_result{7, caf::make_message(std::string{"x"})}));
  check(caf::make_message(old_fashioned{5}, test_support::recording{"r", {1.f}, {2}, {}}));
  death_certificate death;
  death.roots = {"a", "b"};
  death.stack.resize(3);
  check(caf::make_message(death));
}

TEST_CASE("a type that only CAF was told of is refused by name") {
  auto id = caf::type_id_v<tree>;
  auto before = loader_of(id);
  set_loader(id, {});
  auto failed = outcome_of(encoded_message(caf::make_message(1.5, 2.5, tree{})));
  set_loader(id, before);
  CHECK(failed == errc::decode_failed);
  CHECK(to_string(failed).find("tree is known to CAF only") != std::string::npos);
}

TEST_CASE("any bytes are decoded or refused") {
  std::minstd_rand random{17};
  std::vector<caf::byte_buffer> seeds{
    encoded_message(caf::make_message(caf::make_error(trouble::some, std::string{"context"}, nested()))),
    nested_messages(20),
    nested_errors(20),
    nested_settings(20),
    nested_dictionaries(20),
    nested_trees(20),
    long_chain(20),
    encoded_message(caf::make_message(death_certificate{})),
    encoded_message(caf::make_message(std::vector<int32_t>(10), std::string(20, 'x'), bytes{caf::byte_buffer(30)}))};
  for (int round = 0; round < 20'000; ++round) {
    auto body = seeds[static_cast<size_t>(round) % seeds.size()];
    for (auto i = random() % 4; i > 0; --i)
      body[random() % body.size()] = static_cast<caf::byte>(random());
    if (random() % 4 == 0)
      body.resize(1 + random() % body.size());
    caf::message content;
    if (!outcome_of(body, content))
      CHECK_FALSE(to_string(content).empty());
    (void) to_string(decode_reason(nullptr, bytes_in(body)));
    tree left;
    (void) decode_snapshot(bytes_in(body), left);
  }
}
