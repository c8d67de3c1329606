// How fast are a mebibyte of floats, and one of octets, written into a message and read out of it? Beside it the same element by
// element, which is what CAF does on its own, and two plain copies of as many octets.
#include "measurements.hpp"
#include "systems.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include <chrono>
#include <cstring>
#include <functional>
#include <vector>

namespace bench {

namespace {

constexpr size_t payload_bytes = size_t{1} << 20;

// GB/s of payload that go through `there_and_back`.
side repeated(std::string name, int times, std::function<void()> there_and_back) {
  return {std::move(name), "GB/s", [=]() -> run {
            auto begin = std::chrono::steady_clock::now();
            for (int i = 0; i < times; ++i)
              there_and_back();
            auto spent = std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin};
            return {static_cast<double>(times) * payload_bytes / spent.count()};
          }};
}

template <class T>
void by_bulkhead(const std::vector<T>& values, caf::byte_buffer& buffer) {
  buffer.clear();
  caf::binary_serializer sink{nullptr, buffer};
  std::vector<T> back;
  caf::binary_deserializer source{nullptr, buffer};
  if (!sink.apply(values))
    fail("a vector cannot be written");
  source.reset(caf::make_span(buffer));
  if (!source.apply(back) || back.size() != values.size())
    fail("a vector cannot be read");
}

template <class T>
void by_caf(const std::vector<T>& values, caf::byte_buffer& buffer) {
  buffer.clear();
  caf::binary_serializer sink{nullptr, buffer};
  std::vector<T> back;
  caf::binary_deserializer source{nullptr, buffer};
  if (!sink.list(values))
    fail("a vector cannot be written");
  source.reset(caf::make_span(buffer));
  if (!source.list(back) || back.size() != values.size())
    fail("a vector cannot be read");
}

} // namespace

void codec_vector(report& to) {
  std::vector<float> floats(payload_bytes / sizeof(float));
  for (size_t i = 0; i < floats.size(); ++i)
    floats[i] = static_cast<float>(i) / 7;
  caf::byte_buffer octets(payload_bytes, caf::byte{5});
  caf::byte_buffer buffer;
  buffer.reserve(2 * payload_bytes);
  to.compare({
    repeated("codec_vector_float", 500, [&] { by_bulkhead(floats, buffer); }),
    repeated("caf_codec_vector_float", 20, [&] { by_caf(floats, buffer); }),
    repeated("codec_vector", 500, [&] { by_bulkhead(octets, buffer); }),
    repeated("caf_codec_vector", 20, [&] { by_caf(octets, buffer); }),
    repeated("memcpy_there_and_back", 500,
             [&] {
               buffer.assign(octets.begin(), octets.end());
               caf::byte_buffer back(buffer.begin(), buffer.end());
               asm volatile("" : : "r"(back.data()) : "memory");
             }),
  });
}

} // namespace bench
