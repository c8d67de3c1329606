#include <catch2/catch.hpp>

#include "bulkhead/transport/array.hpp"
#include "bulkhead/transport/bytes.hpp"
#include "bulkhead/transport/fd.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/all.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using bulkhead::array;
using bulkhead::bytes;

namespace {

template <class T>
caf::byte_buffer encoded(const T& what) {
  caf::byte_buffer out;
  caf::binary_serializer sink{nullptr, out};
  REQUIRE(sink.apply(what));
  return out;
}

template <class T>
bool decoded(const caf::byte_buffer& in, T& what) {
  caf::binary_deserializer source{nullptr, in};
  return source.apply(what);
}

} // namespace

TEST_CASE("a slice shares the memory and never passes the end") {
  auto all = bytes::copy_of("0123456789");
  CHECK(all.slice(2, 3).view() == "234");
  CHECK(all.slice(2, 3).data() == all.data() + 2);
  CHECK(all.slice(8).view() == "89");
  CHECK(all.slice(8, 100).view() == "89");
  CHECK(all.slice(10).empty());
  CHECK(all.slice(SIZE_MAX, SIZE_MAX).empty());
  CHECK(all.slice(3).slice(3, 2).view() == "67");
  auto kept = bytes::copy_of("short").slice(1);
  CHECK(kept.view() == "hort");
}

TEST_CASE("bytes and arrays written for another machine come back") {
  bytes back;
  REQUIRE(decoded(encoded(bytes::copy_of("some text")), back));
  CHECK(back.view() == "some text");
  REQUIRE(decoded(encoded(bytes{}), back));
  CHECK(back.empty());
  auto large = bytes{caf::byte_buffer(1'000'000, caf::byte{5})};
  REQUIRE(decoded(encoded(large), back));
  CHECK(back == large);
  array<double> values;
  REQUIRE(decoded(encoded(array<double>::copy_of(std::vector<double>{1.5, -2.5})), values));
  REQUIRE(values.size() == 2);
  CHECK(values[1] == -2.5);
}

TEST_CASE("input that does not fit is refused") {
  auto good = encoded(bytes::copy_of("0123456789"));
  bytes back;
  for (size_t size = 0; size < good.size(); ++size)
    CHECK_FALSE(decoded(caf::byte_buffer(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)), back));
  auto absurd = good;
  absurd[1] = caf::byte{0x7f};
  CHECK_FALSE(decoded(absurd, back));
  auto attached = good;
  attached[0] = caf::byte{0x80};
  CHECK_FALSE(decoded(attached, back));
  array<uint32_t> values;
  CHECK_FALSE(decoded(good, values));
}

TEST_CASE("an array copies what is not aligned for its values, and refuses a broken number of them") {
  auto raw = bytes::copy_of(std::string(64, 'x'));
  auto aligned = array<uint64_t>::from(raw);
  REQUIRE(aligned);
  CHECK(aligned->size() == 8);
  CHECK(static_cast<const void*>(aligned->data()) == raw.data());
  auto shifted = array<uint64_t>::from(raw.slice(1, 56));
  REQUIRE(shifted);
  CHECK(shifted->size() == 7);
  CHECK(reinterpret_cast<uintptr_t>(shifted->data()) % alignof(uint64_t) == 0);
  CHECK_FALSE(array<uint64_t>::from(raw.slice(0, 63)));
  CHECK(array<uint64_t>{}.empty());
  size_t count = 0;
  for (auto x : *aligned)
    count += x != 0;
  CHECK(count == 8);
}

TEST_CASE("text shows the size of bytes and the number of a descriptor") {
  CHECK(caf::deep_to_string(bytes::copy_of("0123456789")).find("10") != std::string::npos);
  auto null = bulkhead::fd::duplicate_of(0);
  REQUIRE(null);
  CHECK(caf::deep_to_string(*null).find(std::to_string(null->number())) != std::string::npos);
}

TEST_CASE("a descriptor is closed with its last copy, and never leaves the machine") {
  auto pipe_fds = std::array<int, 2>{};
  REQUIRE(::pipe2(pipe_fds.data(), O_CLOEXEC) == 0);
  auto reading = bulkhead::fd::adopt(pipe_fds[0]);
  {
    auto writing = bulkhead::fd::adopt(pipe_fds[1]);
    auto copy = writing;
    writing = {};
    CHECK(copy.number() == pipe_fds[1]);
    CHECK_FALSE(writing);
    caf::byte_buffer out;
    caf::binary_serializer sink{nullptr, out};
    REQUIRE(sink.apply(copy));
    auto arrived = reading;
    REQUIRE(decoded(out, arrived));
    CHECK_FALSE(arrived);
  }
  CHECK(::fcntl(pipe_fds[1], F_GETFD) == -1);
  char x = 0;
  CHECK(::read(reading.number(), &x, 1) == 0);
  CHECK(bulkhead::fd::duplicate_of(-1).error() == bulkhead::errc::resources_exhausted);
  bulkhead::fd none;
  auto without = encoded(none);
  bulkhead::fd back = reading;
  REQUIRE(decoded(without, back));
  CHECK_FALSE(back);
}
