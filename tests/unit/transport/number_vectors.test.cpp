// Catches a vector whose octets differ from those that CAF writes, one that does not come back, and a length that takes memory
// for what is not there.
#include <catch2/catch.hpp>

#include "support/types.hpp"

#include <bulkhead/transport/codec.hpp>
#include <bulkhead/transport/number_vectors.hpp>

#include <caf/all.hpp>
#include <caf/config_value_reader.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <span>
#include <type_traits>
#include <vector>

using namespace bulkhead::transport;

namespace {

template <class T>
T number_from(uint64_t bits) {
  T result;
  std::memcpy(&result, &bits, sizeof(T));
  if constexpr (std::is_floating_point_v<T>)
    if (std::fpclassify(result) == FP_SUBNORMAL)
      return T{1};
  return result;
}

template <class T>
std::vector<T> numbers(size_t count) {
  std::mt19937_64 random{count};
  std::vector<T> result;
  for (size_t i = 0; i < count; ++i)
    result.push_back(number_from<T>(random()));
  if constexpr (std::is_floating_point_v<T>) {
    using limits = std::numeric_limits<T>;
    const T special[] = {T{0},
                         -T{0},
                         limits::infinity(),
                         -limits::infinity(),
                         limits::quiet_NaN(),
                         limits::min(),
                         -limits::min(),
                         limits::max(),
                         limits::lowest(),
                         limits::epsilon(),
                         number_from<T>(~uint64_t{0})};
    for (size_t i = 0; i < std::size(special) && count > 20; ++i)
      result[count / 2 - 5 + i] = special[i];
  }
  return result;
}

template <class T>
bool same(const std::vector<T>& x, const std::vector<T>& y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](auto a, auto b) {
    if constexpr (std::is_floating_point_v<T>)
      return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
    else
      return a == b;
  });
}

/// Has a vector in the middle.
template <class T>
struct holder {
  int8_t before = 1;
  std::vector<T> values;
  std::string after;

  template <class Inspector>
  friend bool inspect(Inspector& f, holder& x) {
    return f.object(x).fields(f.field("before", x.before), f.field("values", x.values), f.field("after", x.after));
  }
};

template <class T>
caf::byte_buffer written(T& what) {
  caf::byte_buffer result;
  caf::binary_serializer sink{nullptr, result};
  REQUIRE(sink.apply(what));
  return result;
}

// What CAF does for any list: element by element.
template <class T>
caf::byte_buffer written_by_caf(const std::vector<T>& what) {
  caf::byte_buffer result;
  caf::binary_serializer sink{nullptr, result};
  REQUIRE(sink.list(what));
  return result;
}

template <class T>
bool reads(const caf::byte_buffer& from, T& to) {
  caf::binary_deserializer source{nullptr, from};
  return source.apply(to) && source.remaining() == 0;
}

const size_t counts[] = {0, 1, 2, 3, 31, 32, 33, 127, 128, 129, 511, 512, 513, 4097, 100'000};

} // namespace

TEMPLATE_TEST_CASE("a vector of numbers is written as CAF writes it and read from what CAF wrote", "", std::byte,
                   caf::byte, char, int8_t, uint8_t, int16_t, uint16_t, char16_t, int32_t, uint32_t, wchar_t, int64_t,
                   uint64_t, long long, float, double) {
  for (auto count : counts) {
    CAPTURE(count);
    auto values = numbers<TestType>(count);
    auto bytes = written(values);
    CHECK(bytes == written_by_caf(values));
    std::vector<TestType> back{values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count / 2)};
    REQUIRE(reads(bytes, back));
    CHECK(same(back, values));
    std::vector<TestType> read_by_caf;
    caf::binary_deserializer source{nullptr, bytes};
    REQUIRE(source.list(read_by_caf));
    CHECK(same(read_by_caf, values));
  }
}

TEMPLATE_TEST_CASE("a vector of numbers is a field of a struct", "", std::byte, uint16_t, int32_t, float, double) {
  for (auto count : counts) {
    CAPTURE(count);
    holder<TestType> what{7, numbers<TestType>(count), "behind"};
    auto bytes = written(what);
    holder<TestType> back;
    REQUIRE(reads(bytes, back));
    CHECK(back.before == 7);
    CHECK(same(back.values, what.values));
    CHECK(back.after == "behind");
    auto list = written_by_caf(what.values);
    CHECK(std::equal(list.begin(), list.end(), bytes.begin() + 1));
  }
}

TEMPLATE_TEST_CASE("a vector that ends too early does not read", "", uint8_t, int16_t, float, double) {
  auto bytes = written_by_caf(numbers<TestType>(200));
  for (size_t count = 0; count < bytes.size(); ++count) {
    std::vector<TestType> back;
    CHECK_FALSE(reads(caf::byte_buffer{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)}, back));
    CHECK(back.capacity() == 0);
  }
}

TEMPLATE_TEST_CASE("a vector that claims more than there is takes no memory", "", uint8_t, int16_t, float, double) {
  auto lie = [](std::initializer_list<int> octets) {
    caf::byte_buffer bytes;
    for (auto x : octets)
      bytes.push_back(static_cast<caf::byte>(x));
    bytes.resize(bytes.size() + 64);
    std::vector<TestType> back;
    CHECK_FALSE(reads(bytes, back));
    CHECK(back.capacity() == 0);
  };
  lie({0x41});                                                                   // one more than there can be
  lie({0xff, 0xff, 0xff, 0xff, 0x0f});                                           // the most of CAF's format
  lie({0xff, 0xff, 0xff, 0xff, 0x7f});                                           // more than that
  lie({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}); // no end of it
}

TEMPLATE_TEST_CASE("numbers below the smallest normal one stay what they are", "", float, double) {
  using limits = std::numeric_limits<TestType>;
  std::vector<TestType> tiny{limits::denorm_min(), -limits::denorm_min(), limits::min() / 2, -limits::min() / 3};
  auto bytes = written(tiny);
  std::vector<TestType> back;
  REQUIRE(reads(bytes, back));
  CHECK(same(back, tiny));
  caf::binary_deserializer source{nullptr, bytes};
  REQUIRE(source.list(back)); // CAF does not know them, but it does not make large ones of them
  for (auto x : back)
    CHECK(std::abs(x) < limits::min());
}

TEST_CASE("many short vectors in one message take time in proportion") {
  std::vector<std::vector<int32_t>> what(3000, std::vector<int32_t>(1100, 5));
  caf::byte_buffer bytes;
  caf::binary_serializer sink{nullptr, bytes};
  size_t growths = 0;
  for (auto& x : what) {
    auto before = bytes.capacity();
    REQUIRE(sink.apply(x));
    growths += bytes.capacity() != before ? 1 : 0;
  }
  CHECK(growths < 40);
  caf::binary_deserializer source{nullptr, bytes};
  for (auto& x : what) {
    std::vector<int32_t> back;
    REQUIRE(source.apply(back));
    CHECK(back == x);
  }
}

TEST_CASE("other inspectors treat vectors of numbers as lists, and vectors of others stay lists for all") {
  using list = caf::inspector_access_type::list;
  CHECK(std::is_same_v<decltype(caf::inspect_access_type<caf::config_value_reader, std::vector<float>>()), list>);
  CHECK(std::is_same_v<decltype(caf::inspect_access_type<caf::serializer, std::vector<float>>()), list>);
  CHECK(std::is_same_v<decltype(caf::inspect_access_type<caf::binary_serializer, std::vector<std::string>>()), list>);
  CHECK(std::is_same_v<decltype(caf::inspect_access_type<caf::binary_serializer, std::vector<long double>>()), list>);
  std::vector<int32_t> values{1, -2, 3};
  CHECK(caf::deep_to_string(values) == "[1, -2, 3]");
  CHECK(caf::deep_to_string(holder<int32_t>{7, values, "x"}).find("[1, -2, 3]") != std::string::npos);
  CHECK(to_string(caf::make_message(values)) == "message([1, -2, 3])");
  auto from_text = caf::get_as<std::vector<int32_t>>(caf::config_value{"[1, -2, 3]"});
  REQUIRE(from_text);
  CHECK(*from_text == values);
  caf::config_value boxed;
  REQUIRE_FALSE(boxed.assign(values));
  CHECK(caf::get_as<std::vector<int32_t>>(boxed) == values);
  std::vector<bool> flags{true, false, true, true, false, false, true, false, true};
  auto bytes = written(flags);
  CHECK(bytes == written_by_caf(flags));
  std::vector<bool> back;
  REQUIRE(reads(bytes, back));
  CHECK(back == flags);
}

TEST_CASE("messages are encoded as CAF does and decoded from what CAF wrote") {
  caf::byte_buffer block(100'000, caf::byte{3});
  auto many = caf::make_message(1, block, 2, block, std::vector<int32_t>(1000, 4), 3, caf::ok_atom_v, 5, 6, 7, "end");
  for (auto& content : {caf::message{}, caf::make_message(block), caf::make_message(block, std::vector<int32_t>{1, 2}),
                        many, caf::make_message(caf::make_message(block), caf::byte_buffer{})}) {
    caf::byte_buffer by_caf, ours;
    caf::binary_serializer sink{nullptr, by_caf};
    REQUIRE(content.save(sink));
    caf::mailbox_element what{nullptr, caf::make_message_id(), {}, content};
    uint16_t flags = 0;
    REQUIRE_FALSE(encode(nullptr, what, ours, flags, nullptr));
    CHECK(ours == by_caf);
    for (int round = 0; round < 2; ++round) { // the second one knows the types
      caf::mailbox_element::forwarding_stack stages;
      caf::message back;
      REQUIRE_FALSE(decode(nullptr, 0, std::as_bytes(std::span{by_caf}), nullptr, stages, back));
      CHECK(back.types() == content.types());
      CHECK(to_string(back) == to_string(content));
    }
  }
}

TEST_CASE("a message that names a type that nobody knows does not decode") {
  caf::byte_buffer bytes{caf::byte{1}, caf::byte{0xff}, caf::byte{0xfe}, caf::byte{0}};
  caf::mailbox_element::forwarding_stack stages;
  caf::message back;
  auto failed = decode(nullptr, 0, std::as_bytes(std::span{bytes}), nullptr, stages, back);
  CHECK(failed == bulkhead::errc::decode_failed);
  CHECK(to_string(failed).find("unknown_type") != std::string::npos);
}

TEST_CASE("vectors of numbers are known by their type ids whoever registered them") {
  CHECK(is_number_vector(caf::type_id_v<std::vector<int32_t>>));
  CHECK(is_number_vector(caf::type_id_v<caf::byte_buffer>));
  CHECK_FALSE(is_number_vector(caf::type_id_v<int32_t>));
  CHECK_FALSE(is_number_vector(caf::type_id_v<std::vector<bulkhead::fd>>));
  CHECK_FALSE(is_number_vector(caf::type_id_v<std::vector<caf::actor>>));
  CHECK_FALSE(is_number_vector(0xfff0));
}
