#include "bulkhead/runtime/handle_scan.hpp"

#include "bulkhead/runtime/caf_node.hpp"
#include "bulkhead/transport/number_vectors.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/message.hpp>

#include <algorithm>
#include <cstring>
#include <functional>

namespace bulkhead::runtime {

namespace {

// CAF writes a handle as: actor id (8 bytes, big endian), kind of node or -1 for none (1), process id (4, big endian),
// key (20).
constexpr size_t key_offset = 8 + 1 + 4;

template <class Number>
Number read_big_endian(const std::byte* at) {
  Number result = 0;
  for (size_t i = 0; i < sizeof(Number); ++i)
    result = static_cast<Number>((result << 8) | static_cast<uint8_t>(at[i]));
  return result;
}

bool is_plain(caf::type_id_t id) {
  constexpr caf::type_id_t plain[] = {
    caf::type_id_v<bool>,     caf::type_id_v<int8_t>,  caf::type_id_v<int16_t>,          caf::type_id_v<int32_t>,
    caf::type_id_v<int64_t>,  caf::type_id_v<uint8_t>, caf::type_id_v<uint16_t>,         caf::type_id_v<uint32_t>,
    caf::type_id_v<uint64_t>, caf::type_id_v<float>,   caf::type_id_v<double>,           caf::type_id_v<std::string>,
    caf::type_id_v<bytes>,    caf::type_id_v<fd>,      caf::type_id_v<caf::byte_buffer>,
  };
  // CAF's own atoms stand together.
  constexpr auto first_atom = caf::type_id_v<caf::add_atom>;
  constexpr auto last_atom = caf::type_id_v<caf::wait_for_atom>;
  return std::find(std::begin(plain), std::end(plain), id) != std::end(plain) || (id >= first_atom && id <= last_atom)
         || transport::is_number_vector(id);
}

using handle_callback = std::function<void(uint32_t process_id, uint64_t actor)>;

void for_each_key(std::span<const std::byte> encoded, const transport::system_key& key, const handle_callback& found) {
  if (encoded.size() < key_offset + key.size())
    return;
  auto end = encoded.data() + encoded.size();
  for (auto from = encoded.data() + key_offset;;) {
    // The C library's search is sublinear; std::search compares octet by octet.
    auto hit = ::memmem(from, static_cast<size_t>(end - from), key.data(), key.size());
    if (hit == nullptr)
      return;
    auto at = static_cast<const std::byte*>(hit);
    found(read_big_endian<uint32_t>(at - 4), read_big_endian<uint64_t>(at - key_offset));
    from = at + key.size();
  }
}

} // namespace

void for_each_handle(std::span<const std::byte> encoded, const handle_names& names,
                     const std::function<void(const wire_address&)>& found) {
  for_each_key(encoded, names.key, [&](uint32_t process_id, uint64_t actor) {
    if (auto process = process_in_node(process_id))
      found({*process, actor});
  });
  if (names.host)
    for_each_key(encoded, names.host->key, [&](uint32_t process_id, uint64_t actor) {
      if (process_id == names.host->process)
        found({transport::host_process, actor});
    });
}

bool holds_handle(std::span<const std::byte> encoded, const handle_names& names) {
  auto result = false;
  for_each_handle(encoded, names, [&](const wire_address&) { result = true; });
  return result;
}

bool may_hold_handles(const caf::message& content, const caf::mailbox_element::forwarding_stack& stages) {
  auto types = content.types();
  return !stages.empty() || !std::all_of(types.begin(), types.end(), is_plain);
}

} // namespace bulkhead::runtime
