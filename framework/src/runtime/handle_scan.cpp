#include "bulkhead/runtime/handle_scan.hpp"

#include "bulkhead/runtime/caf_node.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/message.hpp>

#include <algorithm>
#include <functional>

namespace bulkhead::runtime {

namespace {

// CAF writes a handle as: actor id (8 bytes, big endian), kind of node or -1 for none (1), process id (4, big endian),
// key (20).
constexpr size_t key_offset = 8 + 1 + 4;

template <class Number>
Number read_big_endian(const caf::byte* at) {
  Number result = 0;
  for (size_t i = 0; i < sizeof(Number); ++i)
    result = static_cast<Number>((result << 8) | static_cast<uint8_t>(at[i]));
  return result;
}

bool is_plain(caf::type_id_t id) {
  constexpr caf::type_id_t plain[] = {
    caf::type_id_v<bool>,     caf::type_id_v<int8_t>,   caf::type_id_v<int16_t>,     caf::type_id_v<int32_t>,
    caf::type_id_v<int64_t>,  caf::type_id_v<uint8_t>,  caf::type_id_v<uint16_t>,    caf::type_id_v<uint32_t>,
    caf::type_id_v<uint64_t>, caf::type_id_v<float>,    caf::type_id_v<double>,      caf::type_id_v<std::string>,
    caf::type_id_v<bytes>,    caf::type_id_v<fd>,       caf::type_id_v<caf::byte_buffer>,
  };
  return std::find(std::begin(plain), std::end(plain), id) != std::end(plain);
}

} // namespace

void for_each_handle(const caf::message& content, const caf::byte_buffer& encoded, const transport::system_key& key,
                     const std::function<void(const wire_address&)>& found) {
  if (encoded.size() < key_offset + key.size())
    return;
  auto types = content.types();
  if (std::all_of(types.begin(), types.end(), is_plain))
    return;
  auto same = [](caf::byte x, uint8_t y) { return static_cast<uint8_t>(x) == y; };
  for (auto i = encoded.begin() + key_offset;;) {
    i = std::search(i, encoded.end(), key.begin(), key.end(), same);
    if (i == encoded.end())
      return;
    auto at = &*i;
    auto process = process_in_node(read_big_endian<uint32_t>(at - 4));
    if (process)
      found({*process, read_big_endian<uint64_t>(at - key_offset)});
    i += static_cast<std::ptrdiff_t>(key.size());
  }
}

} // namespace bulkhead::runtime
