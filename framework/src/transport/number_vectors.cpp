#include "bulkhead/transport/number_vectors.hpp"

#include "bulkhead/platform/byte_order.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/detail/make_meta_object.hpp>
#include <caf/sec.hpp>

#include <bit>
#include <cstring>

namespace bulkhead::transport {

namespace {

constexpr size_t block_bytes = 4096;

// CAF writes infinities with the sign of the other, and one octet pattern, all ones, for everything that is not a number.
template <class Bits, int ExponentBits>
struct floating {
  static constexpr int significand_bits = static_cast<int>(sizeof(Bits)) * 8 - 1 - ExponentBits;
  static constexpr Bits sign = Bits{1} << (sizeof(Bits) * 8 - 1);
  static constexpr Bits exponent_step = Bits{1} << significand_bits;
  static constexpr Bits infinity = sign - exponent_step;
  static constexpr Bits caf_not_a_number = ~Bits{0};
  static constexpr Bits quiet_not_a_number = infinity | (exponent_step >> 1);

  static Bits to_caf(Bits x) noexcept {
    auto magnitude = static_cast<Bits>(x & ~sign);
    if (magnitude > infinity)
      return caf_not_a_number;
    return magnitude == infinity ? x ^ sign : x;
  }

  static Bits from_caf(Bits x) noexcept {
    if (x == caf_not_a_number)
      return quiet_not_a_number;
    return (x & ~sign) == infinity ? x ^ sign : x;
  }
};

using binary_32 = floating<uint32_t, 8>;
using binary_64 = floating<uint64_t, 11>;

template <class Bits>
Bits bits_at(const std::byte* where, size_t index) noexcept {
  Bits result;
  std::memcpy(&result, where + index * sizeof(Bits), sizeof(Bits));
  return result;
}

// Such numbers are rare, so a block is asked first whether it has any: adding one to the exponent carries into the sign.
template <class Format, class Bits>
bool has_special(const std::byte* block, size_t count) noexcept {
  typedef Bits vector __attribute__((vector_size(16))); // NOLINT: `using` cannot say it of a dependent type
  constexpr auto lanes = sizeof(vector) / sizeof(Bits);
  auto carry_at = [block](size_t index) {
    vector x;
    std::memcpy(&x, block + index * sizeof(Bits), sizeof(x));
    return (x & ~Format::sign) + Format::exponent_step;
  };
  vector even{}, odd{}; // neither waits for the other
  size_t i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    even |= carry_at(i);
    odd |= carry_at(i + lanes);
  }
  auto carried = even | odd;
  Bits all = 0;
  for (size_t lane = 0; lane < lanes; ++lane)
    all |= carried[lane];
  for (; i < count; ++i)
    all |= (bits_at<Bits>(block, i) & ~Format::sign) + Format::exponent_step;
  return (all & Format::sign) != 0;
}

template <class Format, class Bits>
void convert(std::byte* block, size_t count, Bits (*how)(Bits) noexcept) noexcept {
  for (size_t i = 0; i < count; ++i) {
    auto x = how(bits_at<Bits>(block, i));
    std::memcpy(block + i * sizeof(Bits), &x, sizeof(Bits));
  }
}

void copy_big_endian(std::byte* to, const std::byte* from, size_t count, number_format format) noexcept {
  switch (size_of(format)) {
  case 1:
    std::memcpy(to, from, count);
    break;
  case 2:
    platform::copy_big_endian_16(to, from, count);
    break;
  case 4:
    platform::copy_big_endian_32(to, from, count);
    break;
  default:
    platform::copy_big_endian_64(to, from, count);
  }
}

bool save_octets(caf::binary_serializer& sink, const std::byte* first, size_t count) {
  return sink.value(caf::span<const caf::byte>{reinterpret_cast<const caf::byte*>(first), count});
}

// The buffer grows once for a long sequence, and still by a factor for many short ones.
void make_room(caf::byte_buffer& buffer, size_t bytes) {
  if (bytes > block_bytes && buffer.capacity() - buffer.size() < bytes)
    buffer.reserve(std::max(buffer.size() + bytes, 2 * buffer.capacity()));
}

} // namespace

bool save_numbers(caf::binary_serializer& sink, const void* first, size_t count, number_format format) {
  if (count > UINT32_MAX) {
    sink.emplace_error(caf::sec::invalid_argument, "a vector has more elements than CAF's format can count (2^32 - 1)");
    return false;
  }
  auto from = static_cast<const std::byte*>(first);
  make_room(sink.buf(), count * size_of(format) + 5);
  if (!sink.begin_sequence(count))
    return false;
  if (format == number_format::octet)
    return save_octets(sink, from, count) && sink.end_sequence();
  alignas(64) std::array<std::byte, block_bytes> block;
  while (count > 0) {
    auto n = std::min(count, block_bytes / size_of(format));
    auto bytes = n * size_of(format);
    if (format == number_format::binary_32 && has_special<binary_32, uint32_t>(from, n)) {
      std::memcpy(block.data(), from, bytes);
      convert<binary_32, uint32_t>(block.data(), n, binary_32::to_caf);
      copy_big_endian(block.data(), block.data(), n, format);
    } else if (format == number_format::binary_64 && has_special<binary_64, uint64_t>(from, n)) {
      std::memcpy(block.data(), from, bytes);
      convert<binary_64, uint64_t>(block.data(), n, binary_64::to_caf);
      copy_big_endian(block.data(), block.data(), n, format);
    } else {
      copy_big_endian(block.data(), from, n, format);
    }
    if (!save_octets(sink, block.data(), bytes))
      return false;
    from += bytes;
    count -= n;
  }
  return sink.end_sequence();
}

// Not by `begin_sequence`, which shifts by as much as the input says.
std::optional<size_t> load_count(caf::binary_deserializer& source, number_format format) {
  uint64_t count = 0;
  auto octet = uint8_t{0x80};
  for (int shift = 0; (octet & 0x80) != 0 && shift < 35; shift += 7) {
    if (!source.value(octet))
      return std::nullopt;
    count |= static_cast<uint64_t>(octet & 0x7f) << shift;
  }
  if ((octet & 0x80) != 0 || count > source.remaining() / size_of(format)) {
    source.emplace_error(caf::sec::end_of_stream, "a vector claims more elements than the input holds");
    return std::nullopt;
  }
  return static_cast<size_t>(count);
}

std::span<const std::byte> load_octets(caf::binary_deserializer& source, size_t count) {
  auto first = reinterpret_cast<const std::byte*>(source.current());
  source.skip(count);
  return {first, count};
}

void load_numbers(caf::binary_deserializer& source, void* to, size_t count, number_format format) {
  auto at = static_cast<std::byte*>(to);
  auto octets = load_octets(source, count * size_of(format));
  copy_big_endian(at, octets.data(), count, format);
  if (format == number_format::binary_32 && has_special<binary_32, uint32_t>(at, count))
    convert<binary_32, uint32_t>(at, count, binary_32::from_caf);
  else if (format == number_format::binary_64 && has_special<binary_64, uint64_t>(at, count))
    convert<binary_64, uint64_t>(at, count, binary_64::from_caf);
}

namespace {

using save_function = bool (*)(caf::binary_serializer&, const void*);

template <class... Ts>
constexpr std::array<save_function, sizeof...(Ts)> saving_vectors_of{
  caf::detail::default_function::save_binary<std::vector<Ts>>...};

} // namespace

// An application's type ids are not known here, but what CAF calls for them is.
bool is_number_vector(caf::type_id_t id) {
  constexpr auto& known =
    saving_vectors_of<std::byte, caf::byte, char, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, long,
                      unsigned long, long long, unsigned long long, float, double>;
  auto meta = caf::detail::global_meta_object(id);
  return meta != nullptr && std::find(known.begin(), known.end(), meta->save_binary) != known.end();
}

} // namespace bulkhead::transport
