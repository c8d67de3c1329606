#pragma once

#include "bulkhead/runtime/herald.hpp"
#include "bulkhead/transport/shared_value.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace bulkhead {

/// Publishes a value that all processes of the host can read. Hand out `share()`.
///
/// A store waits for no reader and sends no message unless somebody waits for a change. A process that is killed in the
/// middle of one leaves the value before.
///
/// Thread safety: any thread; stores exclude each other. Lifetime: ends before the actor system, which waits for it as
/// for an actor. Handles and their last value outlive the writer.
template <class T>
class shared_value_writer {
public:
  /// Publishes nothing; only to be destroyed or assigned to, as after a move.
  shared_value_writer() noexcept = default;

  /// A writer and its value.
  /// @param system where it lives.
  /// @param initial the first value.
  /// @returns `errc::resources_exhausted` if memory or descriptors are used up.
  [[nodiscard]] static caf::expected<shared_value_writer> make(caf::actor_system& system, const T& initial = {}) {
    auto region = transport::shared_region::make(shared_value<T>::layout.bytes(), transport::region_writers::maker);
    if (!region)
      return std::move(region.error());
    return shared_value_writer{std::make_unique<state>(system, std::move(*region), initial)};
  }

  /// Publishes `value`.
  /// @param value copied.
  /// @returns its version.
  uint64_t store(const T& value) {
    std::lock_guard guard{state_->mutex};
    return state_->store(value);
  }

  /// Publishes what `change(T&)` makes of the current value.
  /// @param change called once, under the lock of the writer.
  /// @returns its version.
  template <class F>
  uint64_t update(F&& change) {
    std::lock_guard guard{state_->mutex};
    auto value = state_->shared.load();
    std::forward<F>(change)(value);
    return state_->store(value);
  }

  /// The handle for readers, in this process and in others.
  [[nodiscard]] const shared_value<T>& share() const noexcept {
    return state_->shared;
  }

private:
  struct state {
    state(caf::actor_system& system, transport::shared_region::pointer memory, const T& initial)
      : slots(memory->data(), shared_value<T>::layout),
        herald(system, [reader = shm::value_reader{memory->data(), shared_value<T>::layout},
                        memory] { return reader.version(); }),
        shared(memory, herald.actor()) {
      slots.store(&initial);
    }

    uint64_t store(const T& value) {
      auto version = slots.store(&value);
      herald.changed();
      return version;
    }

    std::mutex mutex;
    shm::value_writer slots;
    runtime::herald herald;
    shared_value<T> shared;
  };

  explicit shared_value_writer(std::unique_ptr<state> owned) noexcept : state_(std::move(owned)) {
    // nop
  }

  std::unique_ptr<state> state_;
};

} // namespace bulkhead
