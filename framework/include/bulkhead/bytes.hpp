#pragma once

#include "bulkhead/transport/array.hpp"
#include "bulkhead/transport/bytes.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace bulkhead {

/// Room for a payload that is built in place, where its receiver will read it.
///
/// Thread safety: of one thread at a time. Lifetime: what is not finished is given back on destruction.
class bytes_builder {
public:
  /// For Bulkhead itself; see `allocate`.
  /// @param owner keeps the memory.
  /// @param room its writable part.
  bytes_builder(std::shared_ptr<const transport::payload_owner> owner, std::span<std::byte> room) noexcept
    : owner_(std::move(owner)), room_(room) {
    // nop
  }

  /// Leaves `other` without room.
  /// @param other any.
  bytes_builder(bytes_builder&& other) noexcept
    : owner_(std::move(other.owner_)), room_(std::exchange(other.room_, {})) {
    // nop
  }
  /// Gives the own room back and leaves `other` without any.
  /// @param other another builder.
  bytes_builder& operator=(bytes_builder&& other) noexcept {
    owner_ = std::move(other.owner_);
    room_ = std::exchange(other.room_, {});
    return *this;
  }
  ~bytes_builder() = default;

  /// Writable, aligned to 64 bytes; holds anything at first. Empty after `finish`.
  [[nodiscard]] std::span<std::byte> room() const noexcept {
    return room_;
  }

  /// The payload. From now on nobody may write to it.
  [[nodiscard]] bytes finish() && noexcept {
    return std::move(*this).finish(room_.size());
  }

  /// The first `count` bytes of it, at most all.
  /// @param count in bytes.
  [[nodiscard]] bytes finish(size_t count) && noexcept {
    auto all = bytes{std::move(owner_), std::exchange(room_, {})};
    return count < all.size() ? all.slice(0, count) : all;
  }

private:
  std::shared_ptr<const transport::payload_owner> owner_;
  std::span<std::byte> room_;
};

/// The same for an `array`. What is not written holds anything.
template <plain_value T>
class array_builder {
public:
  /// For Bulkhead itself; see `allocate_array`.
  /// @param raw room for the values.
  explicit array_builder(bytes_builder raw) noexcept : raw_(std::move(raw)) {
    // nop
  }

  /// Writable; holds anything at first. Empty after `finish`.
  [[nodiscard]] std::span<T> room() const noexcept {
    return {reinterpret_cast<T*>(raw_.room().data()), raw_.room().size() / sizeof(T)};
  }

  /// All values. Nothing may write to them from now on.
  [[nodiscard]] array<T> finish() && {
    return *array<T>::from(std::move(raw_).finish());
  }

  /// The first `count` values, at most all.
  /// @param count in values.
  [[nodiscard]] array<T> finish(size_t count) && {
    count = count < room().size() ? count : room().size();
    return *array<T>::from(std::move(raw_).finish(count * sizeof(T)));
  }

private:
  bytes_builder raw_;
};

/// Room for a payload to `receiver`: what is built in it and sent to that actor, or to any other of its process, is not
/// copied. It can be sent anywhere else too, with one copy. For an actor of this process it is memory of the heap.
///
/// Thread safety: any thread.
/// @param size in bytes; 0 gives an empty payload.
/// @param receiver the actor that will read the payload; null for memory of the heap.
/// @returns `errc::payload_room_full` if there is no memory, or if `payload_bytes_max` is reached and `when_payloads_full`
///          forbids to copy.
[[nodiscard]] caf::expected<bytes_builder> allocate(const caf::strong_actor_ptr& receiver, size_t size);

/// The same for a typed or untyped handle.
/// @param receiver the actor that will read the payload.
/// @param size in bytes; 0 gives an empty payload.
template <class Handle>
[[nodiscard]] caf::expected<bytes_builder> allocate(const Handle& receiver, size_t size) {
  return allocate(caf::actor_cast<caf::strong_actor_ptr>(receiver), size);
}

/// The same for an array of `count` values.
/// @param receiver the actor that will read the array.
/// @param count in values; 0 gives an empty array.
template <plain_value T, class Handle>
[[nodiscard]] caf::expected<array_builder<T>> allocate_array(const Handle& receiver, size_t count) {
  auto size = count <= SIZE_MAX / sizeof(T) ? count * sizeof(T) : SIZE_MAX;
  auto raw = allocate(caf::actor_cast<caf::strong_actor_ptr>(receiver), size);
  if (!raw)
    return std::move(raw.error());
  return array_builder<T>{std::move(*raw)};
}

/// What an actor system's processes have of its payloads.
struct payload_use {
  /// Payloads, and packets of descriptors, that other processes have not given back yet.
  size_t lent = 0;

  /// Memory that is reserved for payloads to other processes, in use or kept for the next one, in bytes.
  uint64_t reserved_bytes = 0;
};

/// How much the process of `system` lends to other processes at the moment. Works in the host and in workers; all zero
/// in a system without Bulkhead. Thread safety: any thread.
/// @param system of the host or of a worker.
[[nodiscard]] payload_use payloads_of(caf::actor_system& system);

} // namespace bulkhead
