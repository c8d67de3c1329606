// The number of elements in one octet (or more, for over a hundred), the type ids in two each, the elements.
#include "bulkhead/transport/message_format.hpp"

#include "bulkhead/transport/number_vectors.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/detail/message_data.hpp>
#include <caf/detail/meta_object.hpp>
#include <caf/detail/type_id_list_builder.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>
#include <caf/type_id_list.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace bulkhead::transport {

namespace {

using caf::detail::meta_object;

bool save_element(caf::binary_serializer& sink, const meta_object& type, caf::type_id_t id, const void* what) {
  if (id == caf::type_id_v<caf::byte_buffer>)
    return sink.apply(*static_cast<const caf::byte_buffer*>(what));
  return type.save_binary(sink, what);
}

bool load_element(caf::binary_deserializer& source, const meta_object& type, caf::type_id_t id, void* what) {
  if (id == caf::type_id_v<caf::byte_buffer>)
    return source.apply(*static_cast<caf::byte_buffer*>(what));
  return type.load_binary(source, what);
}

/// A list of types as it stands in an encoded message, and what CAF makes of it.
struct known_types {
  static constexpr size_t bytes_max = 17;

  std::array<std::byte, bytes_max> encoded;
  size_t encoded_bytes = 0;
  caf::type_id_list types = caf::make_type_id_list();
};

/// Conversations repeat themselves, and CAF looks each list up under a lock that all threads share.
constexpr size_t known_types_max = 16;
thread_local std::array<known_types, known_types_max> types_of_thread;

// The place for the list at the start of `source`; null if it is too long.
known_types* place_of(std::span<const caf::byte> source) {
  auto count = source.empty() ? known_types::bytes_max : static_cast<size_t>(source[0]);
  if (count == 0 || 1 + 2 * count > std::min(source.size(), known_types::bytes_max))
    return nullptr;
  return &types_of_thread[(static_cast<size_t>(source[2 * count]) + count) % known_types_max];
}

bool load_types(caf::binary_deserializer& source, caf::type_id_list& types) {
  constexpr size_t types_max = UINT16_MAX - 1;
  auto count = load_count(source, number_format::integer_16);
  if (!count)
    return false;
  if (*count > types_max) {
    source.emplace_error(caf::sec::invalid_argument, "too many types for a message");
    return false;
  }
  caf::detail::type_id_list_builder list;
  list.reserve(*count);
  for (size_t i = 0; i < *count; ++i) {
    caf::type_id_t id = 0;
    if (!source.value(id))
      return false;
    if (caf::detail::global_meta_object(id) == nullptr) {
      source.emplace_error(caf::sec::unknown_type);
      return false;
    }
    list.push_back(id);
  }
  types = list.move_to_list();
  return true;
}

bool load_elements(caf::binary_deserializer& source, caf::type_id_list types, caf::message& content) {
  auto data = caf::detail::message_data::make_uninitialized(types);
  auto at = data->storage();
  auto known = caf::detail::global_meta_objects();
  for (auto id : types) {
    known[id].default_construct(at);
    data->inc_constructed_elements();
    if (!load_element(source, known[id], id, at))
      return false;
    at += known[id].padded_size;
  }
  content = caf::message{caf::message::data_ptr{data.release(), false}};
  return true;
}

} // namespace

bool save_message(caf::binary_serializer& sink, const caf::message& content) {
  auto types = content.types();
  if (!sink.begin_sequence(types.size()))
    return false;
  if (types.empty())
    return true;
  for (auto id : types)
    if (!sink.value(id))
      return false;
  auto known = caf::detail::global_meta_objects();
  auto at = content.cdata().storage();
  for (auto id : types) {
    if (!save_element(sink, known[id], id, at))
      return false;
    at += known[id].padded_size;
  }
  return true;
}

bool load_message(caf::binary_deserializer& source, caf::message& content) {
  auto rest = source.remainder();
  auto place = place_of({rest.data(), rest.size()});
  if (place != nullptr && place->encoded_bytes > 0 && place->encoded_bytes <= rest.size()
      && std::memcmp(place->encoded.data(), rest.data(), place->encoded_bytes) == 0) {
    source.skip(place->encoded_bytes);
    return load_elements(source, place->types, content);
  }
  auto types = caf::make_type_id_list();
  if (!load_types(source, types))
    return false;
  if (types.empty()) {
    content.reset();
    return true;
  }
  if (place != nullptr && types.size() == static_cast<size_t>(rest[0])) {
    place->encoded_bytes = 1 + 2 * types.size();
    std::memcpy(place->encoded.data(), rest.data(), place->encoded_bytes);
    place->types = types;
  }
  return load_elements(source, types, content);
}

} // namespace bulkhead::transport
