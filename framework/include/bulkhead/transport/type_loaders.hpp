#pragma once

#include "bulkhead/transport/checked_deserializer.hpp"

#include <caf/init_global_meta_objects.hpp>
#include <caf/is_error_code_enum.hpp>
#include <caf/type_id.hpp>

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace bulkhead::transport {

/// How values of one type are read from what another process wrote. CAF's own table knows functions for its own inspector only.
struct type_loader {
  /// Null if Bulkhead does not know the type.
  bool (*load)(checked_deserializer& source, void* value) = nullptr;
  /// Whether errors may have codes of this type.
  bool is_error_code = false;
};

/// Before the first actor system, from one thread at a time.
void set_loader(caf::type_id_t id, type_loader what) noexcept;

/// From any thread, after that.
[[nodiscard]] const type_loader& loader_of(caf::type_id_t id) noexcept;

/// Whether errors may have codes of the type `id`, which may be any number.
[[nodiscard]] inline bool is_error_code(caf::type_id_t id) noexcept {
  return loader_of(id).is_error_code;
}

/// CAF aligns what stands in a message to eight bytes only.
template <class T>
bool load_checked(checked_deserializer& source, void* value) {
  if constexpr (alignof(T) > 8 && std::is_trivially_copyable_v<T>) {
    T aligned{};
    auto done = source.apply(aligned);
    std::memcpy(value, &aligned, sizeof aligned);
    return done;
  } else {
    return source.apply(*static_cast<T*>(value));
  }
}

template <class IdBlock, uint16_t... Ids>
void set_loaders(std::integer_sequence<uint16_t, Ids...>) {
  (set_loader(Ids, {load_checked<caf::type_by_id_t<Ids>>, caf::is_error_code_enum_v<caf::type_by_id_t<Ids>>}), ...);
}

/// For all types of a block.
template <class IdBlock>
void set_loaders() {
  set_loaders<IdBlock>(caf::detail::make_type_id_sequence<IdBlock>{});
}

/// For those of CAF and Bulkhead.
void set_own_loaders();

} // namespace bulkhead::transport
