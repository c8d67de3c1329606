#include <catch2/catch.hpp>

#include "support/types.hpp"

#include <bulkhead/transport/codec.hpp>
#include <bulkhead/transport/edge.hpp>
#include <bulkhead/transport/handshake.hpp>
#include <bulkhead/platform/socket_pair.hpp>

#include <caf/all.hpp>

#include <cerrno>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace bulkhead;
using namespace bulkhead::transport;

namespace {

std::span<const std::byte> view(const caf::byte_buffer& bytes) {
  return std::as_bytes(std::span{bytes});
}

caf::error encode_one(const caf::message& content, caf::byte_buffer& out) {
  caf::mailbox_element what{nullptr, caf::make_message_id(), {}, content};
  uint16_t flags = 0;
  auto result = encode(nullptr, what, out, flags, nullptr);
  CHECK(flags == 0);
  return result;
}

caf::error decode_one(std::span<const std::byte> body, caf::message& content, uint16_t flags = 0) {
  caf::mailbox_element::forwarding_stack stages;
  return decode(nullptr, flags, body, nullptr, stages, content);
}

} // namespace

TEST_CASE("a message comes back as it was encoded") {
  auto content =
    caf::make_message(int32_t{5}, std::string{"text"}, std::vector<int32_t>{1, 2, 3}, caf::ok_atom_v,
                      bytes::copy_of(std::string_view{"block"}), caf::make_error(caf::sec::bad_function_call));
  caf::byte_buffer out;
  REQUIRE_FALSE(encode_one(content, out));
  caf::message back;
  REQUIRE_FALSE(decode_one(view(out), back));
  CHECK(to_string(back) == to_string(content));
  CHECK(back.get_as<bytes>(4).view() == "block");
  caf::byte_buffer nothing;
  REQUIRE_FALSE(encode_one(caf::message{}, nothing));
  REQUIRE_FALSE(decode_one(view(nothing), back));
  CHECK(back.empty());
}

TEST_CASE("what is no std::exception costs its own message too when a type throws it") {
  caf::byte_buffer out;
  auto failed = encode_one(caf::make_message(test_support::unreadable{3}), out);
  CHECK(failed == errc::encode_failed);
  CHECK(to_string(failed).find("int") != std::string::npos);
  out.clear();
  REQUIRE_FALSE(encode_one(caf::make_message(test_support::unreadable{2}), out));
  caf::message back;
  failed = decode_one(view(out), back);
  CHECK(failed == errc::decode_failed);
  CHECK(to_string(failed).find("int") != std::string::npos);
}

TEST_CASE("the same types are decoded again and again, whatever came between") {
  auto check = [](const caf::message& content) {
    caf::byte_buffer out;
    REQUIRE_FALSE(encode_one(content, out));
    caf::message back;
    REQUIRE_FALSE(decode_one(view(out), back));
    CHECK(back.types() == content.types());
    CHECK(to_string(back) == to_string(content));
    // Damage that begins behind the types is found each time.
    for (size_t cut = 1; cut < 4; ++cut)
      CHECK(decode_one(view(out).first(out.size() - cut), back) == errc::decode_failed);
    out.push_back(caf::byte{0});
    CHECK(decode_one(view(out), back) == errc::decode_failed);
  };
  for (int round = 0; round < 3; ++round) {
    check(caf::make_message(int32_t{round}));
    check(caf::make_message(int64_t{round}));
    check(caf::make_message(std::string{"abc"}, int32_t{round}));
    check(caf::make_message(int32_t{round}, std::string{"abc"}));
    check(caf::make_message(int32_t{1}, int32_t{2}, int32_t{3}, int32_t{4}, int32_t{5}, int32_t{6}, int32_t{7},
                            int32_t{8}));
    check(caf::make_message(int32_t{1}, int32_t{2}, int32_t{3}, int32_t{4}, int32_t{5}, int32_t{6}, int32_t{7},
                            int32_t{8}, int32_t{9}));
    for (int32_t i = 0; i < 40; ++i)
      check(i % 2 == 0 ? caf::make_message(i, 1.5) : caf::make_message(1.5, i));
  }
}

TEST_CASE("what cannot be written or read is named") {
  caf::byte_buffer out;
  auto failed = encode_one(caf::make_message(int32_t{1}, test_support::unwritable{}), out);
  CHECK(failed == errc::encode_failed);
  CHECK(to_string(failed).find("int32_t, test_support::unwritable") != std::string::npos);
  out.clear();
  REQUIRE_FALSE(encode_one(caf::make_message(test_support::unreadable{1}), out));
  caf::message back;
  failed = decode_one(view(out), back);
  CHECK(failed == errc::decode_failed);
  CHECK(to_string(failed).find("unreadable") != std::string::npos);
  CHECK(to_string(failed).find("on purpose") != std::string::npos);
}

TEST_CASE("a truncated message, or one with something behind it, does not decode") {
  caf::byte_buffer out;
  REQUIRE_FALSE(
    encode_one(caf::make_message(int32_t{5}, std::string{"text"}, bytes::copy_of(std::string_view{"xyz"})), out));
  for (size_t count = 0; count < out.size(); ++count) {
    caf::message back;
    CHECK(decode_one(view(out).first(count), back) == errc::decode_failed);
  }
  out.push_back(caf::byte{0});
  caf::message back;
  CHECK(decode_one(view(out), back) == errc::decode_failed);
}

TEST_CASE("a block that claims more bytes than there are takes no memory") {
  caf::byte_buffer out;
  REQUIRE_FALSE(encode_one(caf::make_message(bytes::copy_of(std::string_view{"xyz"})), out));
  // The size stands before the three bytes, in eight.
  for (size_t i = 0; i < 8; ++i)
    out[out.size() - 11 + i] = caf::byte{0x7f};
  caf::message back;
  CHECK(decode_one(view(out), back) == errc::decode_failed);
}

TEST_CASE("an exit reason survives, what is too long or cannot be written becomes text") {
  auto there_and_back = [](const caf::error& reason, size_t max) {
    auto encoded = encode_reason(nullptr, reason, max);
    CHECK(encoded.size() <= max + 64);
    return decode_reason(nullptr, view(encoded));
  };
  CHECK_FALSE(there_and_back({}, 100));
  CHECK(there_and_back(caf::exit_reason::kill, 100) == caf::exit_reason::kill);
  worker_death death;
  death.pid = 4711;
  auto back = there_and_back(make_error(death), 1000);
  REQUIRE(death_of(back));
  CHECK(death_of(back)->pid == 4711);
  back = there_and_back(caf::make_error(caf::sec::runtime_error, std::string(10'000, 'x')), 200);
  CHECK(back == caf::sec::runtime_error);
  back =
    there_and_back(caf::error{caf::exit_reason::user_shutdown, caf::make_message(test_support::unwritable{})}, 200);
  CHECK(back == caf::exit_reason::user_shutdown);
  caf::byte_buffer garbage(30, caf::byte{0xff});
  CHECK(decode_reason(nullptr, view(garbage)) == errc::decode_failed);
  CHECK(decode_reason(nullptr, {}) == errc::decode_failed);
}

TEST_CASE("a spawn request comes back as it was encoded") {
  spawn_request what{"name", true, {"a", "b"}, caf::make_message(int32_t{1})};
  caf::byte_buffer out;
  uint16_t flags = 0;
  REQUIRE_FALSE(encode(nullptr, what, out, flags, nullptr));
  spawn_request back;
  REQUIRE_FALSE(decode(nullptr, view(out), nullptr, back));
  CHECK(back.name == "name");
  CHECK(back.check_interface);
  CHECK(back.interface == what.interface);
  CHECK(to_string(back.arguments) == to_string(what.arguments));
  CHECK(decode(nullptr, view(out).first(out.size() / 2), nullptr, back) == errc::decode_failed);
}

TEST_CASE("any difference between two builds is named") {
  auto differs = [](auto change) {
    hello host, worker;
    change(worker);
    auto result = compare(host, worker);
    CHECK(result.code == errc::build_mismatch);
    return result.text;
  };
  CHECK(compare({}, {}).code == errc::none);
  CHECK(differs([](hello& x) { ++x.protocol; }).find("protocol") != std::string::npos);
  CHECK(differs([](hello& x) { ++x.layout; }).find("layout") != std::string::npos);
  CHECK(differs([](hello& x) { ++x.caf_version; }).find("CAF") != std::string::npos);
  CHECK(differs([](hello& x) { ++x.type_table; }).find("types") != std::string::npos);
}

TEST_CASE("hello and verdict cross a socket, and garbage is told apart from them") {
  auto sockets = platform::socket_pair::create();
  REQUIRE(sockets.has_value());
  auto ours = sockets->ours.get();
  auto theirs = sockets->theirs.get();
  hello what;
  what.number = 17;
  REQUIRE(send_hello(ours, what).has_value());
  auto got = receive_hello(theirs);
  REQUIRE(got.has_value());
  CHECK(got->number == 17);
  what.magic = 1;
  REQUIRE(send_hello(ours, what).has_value());
  CHECK_FALSE(receive_hello(theirs).has_value());
  std::byte noise[] = {std::byte{0xfe}, std::byte{1}};
  REQUIRE(platform::send_packet(ours, noise).has_value());
  CHECK_FALSE(receive_hello(theirs).has_value());
  REQUIRE(send_verdict(theirs, {errc::build_mismatch, std::string(10'000, 'x')}).has_value());
  auto answer = receive_verdict(ours);
  REQUIRE(answer.has_value());
  CHECK(answer->code == errc::build_mismatch);
  CHECK(answer->text.size() > 1000);
  REQUIRE(platform::send_packet(theirs, noise).has_value());
  answer = receive_verdict(ours);
  REQUIRE(answer.has_value());
  CHECK(answer->code == errc::startup_failed);
  sockets->theirs.reset();
  answer = receive_verdict(ours);
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().number == ECONNRESET);
}

TEST_CASE("each error code and cause of death has a name that reads back, and an explanation") {
  for (uint8_t number = 0;; ++number) {
    errc code, back;
    if (!from_integer(number, code))
      break;
    REQUIRE(from_string(to_string(code), back));
    CHECK(back == code);
    CHECK(std::string{explain(code)}.size() > (code == errc::none ? 0 : 10));
  }
  for (uint8_t number = 0;; ++number) {
    death_cause cause, back;
    if (!from_integer(number, cause))
      break;
    REQUIRE(from_string(to_string(cause), back));
    CHECK(back == cause);
    worker_death death;
    death.cause = cause;
    CHECK(describe(death).find("worker 0.0 (pid 0)") == 0);
  }
  CHECK_FALSE(death_of(caf::sec::runtime_error));
  CHECK_FALSE(death_of(caf::make_error(errc::worker_lost)));
}
