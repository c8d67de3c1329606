// The number of elements in one octet (or more, for over a hundred), the type ids in two each, the elements.
#include "bulkhead/transport/message_format.hpp"

#include "bulkhead/transport/checked_deserializer.hpp"
#include "bulkhead/transport/type_loaders.hpp"

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
#include <mutex>
#include <string>
#include <unordered_set>

namespace bulkhead::transport {

namespace {

using caf::detail::meta_object;

bool save_element(caf::binary_serializer& sink, const meta_object& type, caf::type_id_t id, const void* what) {
  if (id == caf::type_id_v<caf::byte_buffer>)
    return sink.apply(*static_cast<const caf::byte_buffer*>(what));
  return type.save_binary(sink, what);
}

std::string name_in_caf(caf::type_id_t id) {
  auto name = caf::query_type_name(id);
  return {name.begin(), name.end()};
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

/// CAF keeps each list of types that it has ever seen, and another process can make up as many as it likes.
///
/// Thread safety: any thread.
class lists_from_outside {
public:
  /// @returns false if there is no room for one more.
  bool admit(const std::u16string& ids) {
    std::lock_guard guard{mutex_};
    if (known_.contains(ids))
      return true;
    if (known_.size() == lists_max || ids.size() > ids_max - ids_)
      return false;
    known_.insert(ids);
    ids_ += ids.size();
    return true;
  }

private:
  static constexpr size_t lists_max = 65'536;
  static constexpr size_t ids_max = size_t{1} << 21;

  std::mutex mutex_;
  std::unordered_set<std::u16string> known_;
  size_t ids_ = 0;
};

// Never destroyed: threads decode until the process has ended. A global, because CAF's own table is one.
lists_from_outside& outside_lists() {
  static auto& result = *new lists_from_outside;
  return result;
}

bool load_types(checked_deserializer& source, caf::type_id_list& types) {
  constexpr size_t types_max = UINT16_MAX - 1;
  size_t count = 0;
  if (!source.begin_sequence(count))
    return false;
  if (count > types_max || count > source.remaining() / sizeof(caf::type_id_t)) {
    source.emplace_error(caf::sec::invalid_argument, "too many types for a message");
    return false;
  }
  caf::detail::type_id_list_builder list;
  std::u16string key;
  list.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    caf::type_id_t id = 0;
    if (!source.value(id))
      return false;
    if (caf::detail::global_meta_object(id) == nullptr) {
      source.emplace_error(caf::sec::unknown_type);
      return false;
    }
    if (loader_of(id).load == nullptr) {
      source.emplace_error(caf::sec::unknown_type,
                           name_in_caf(id) + " is known to CAF only: give its block to bulkhead::init_types");
      return false;
    }
    list.push_back(id);
    key.push_back(static_cast<char16_t>(id));
  }
  if (count > 0 && !outside_lists().admit(key)) {
    source.emplace_error(caf::sec::runtime_error,
                         "messages with too many different lists of types have come to this process");
    return false;
  }
  types = list.move_to_list();
  return true;
}

bool load_elements(checked_deserializer& source, caf::type_id_list types, caf::message& content) {
  auto data = caf::detail::message_data::make_uninitialized(types);
  auto at = data->storage();
  auto known = caf::detail::global_meta_objects();
  for (auto id : types) {
    known[id].default_construct(at);
    data->inc_constructed_elements();
    if (!loader_of(id).load(source, at))
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

bool load_message(checked_deserializer& source, caf::message& content) {
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
