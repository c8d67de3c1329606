#pragma once

#include "bulkhead/runtime/herald.hpp"
#include "bulkhead/transport/shared_array.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>
#include <caf/sec.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

namespace bulkhead {

/// Changes an array that all processes of the host can read. Hand out `share()`.
///
/// Changes wait for no reader and send no message unless somebody waits for one. A process that is killed in the middle of an
/// update leaves the array before it.
///
/// Thread safety: any thread; changes exclude each other. Lifetime: ends before the actor system, which waits for it as
/// for an actor. Handles and their last elements outlive the writer.
template <class T>
class shared_array_writer {
  using word = typename shared_array<T>::word;
  using words = shm::twin_array_writer<word>;

public:
  /// The elements in the middle of an update.
  class draft {
  public:
    /// @param index below `size()`.
    /// @param value its new value.
    /// @throws std::out_of_range for an index that is not below `size()`
    void set(size_t index, const T& value) {
      check(index, count_);
      words_->stage(index, std::bit_cast<word>(value));
    }

    /// The element as it was set last.
    /// @param index below `size()`.
    /// @throws std::out_of_range for an index that is not below `size()`
    [[nodiscard]] T at(size_t index) const {
      check(index, count_);
      return std::bit_cast<T>(words_->staged(index));
    }

    /// Number of elements.
    [[nodiscard]] size_t size() const noexcept {
      return count_;
    }

  private:
    friend class shared_array_writer;

    draft(words& to, size_t count) noexcept : words_(&to), count_(count) {
      // nop
    }

    words* words_;
    size_t count_;
  };

  /// Publishes nothing; only to be destroyed or assigned to, as after a move.
  shared_array_writer() noexcept = default;

  /// An array of zero bytes.
  /// @param count number of elements.
  /// @param system where the writer lives.
  /// @returns `caf::sec::invalid_argument` for 0 or more than 2^40 elements, `errc::resources_exhausted` if memory or
  ///          descriptors are used up.
  [[nodiscard]] static caf::expected<shared_array_writer> make(caf::actor_system& system, size_t count) {
    if (count == 0 || count >= transport::elements_max)
      return caf::make_error(caf::sec::invalid_argument, "a shared array of " + std::to_string(count) + " elements");
    auto region = transport::shared_region::make(shared_array<T>::bytes_for(count), transport::region_writers::maker);
    if (!region)
      return std::move(region.error());
    return shared_array_writer{std::make_unique<state>(system, std::move(*region), count)};
  }

  /// Changes one element. Readers see it for itself, at once.
  /// @param index below the number of elements.
  /// @param value its new value.
  /// @throws std::out_of_range for an index that is not below the number of elements
  void set(size_t index, const T& value) {
    check(index, share().size());
    std::lock_guard guard{state_->mutex};
    state_->elements.set(index, std::bit_cast<word>(value));
    state_->herald.changed();
  }

  /// Calls `change(draft&)`; snapshots have all of what it sets or nothing. What it sets in vain, because it throws, is
  /// never seen.
  /// @param change called once, under the lock of the writer.
  template <class F>
  void update(F&& change) {
    std::lock_guard guard{state_->mutex};
    auto& elements = state_->elements;
    try {
      draft all{elements, share().size()};
      std::forward<F>(change)(all);
    } catch (...) {
      elements.abandon();
      throw;
    }
    elements.flip();
    state_->herald.changed();
  }

  /// The handle for readers, in this process and in others.
  [[nodiscard]] const shared_array<T>& share() const noexcept {
    return state_->shared;
  }

private:
  struct state {
    state(caf::actor_system& system, transport::shared_region::pointer memory, size_t count)
      : elements(memory->data(), count),
        herald(system,
               [reader = shm::twin_array_reader<word>{memory->data(), count}, memory] { return reader.version(); }),
        shared(memory, count, herald.actor()) {
      // nop
    }

    std::mutex mutex;
    words elements;
    runtime::herald herald;
    shared_array<T> shared;
  };

  static void check(size_t index, size_t count) {
    if (index >= count)
      throw std::out_of_range{"shared_array: index " + std::to_string(index) + " of " + std::to_string(count)};
  }

  explicit shared_array_writer(std::unique_ptr<state> owned) noexcept : state_(std::move(owned)) {
    // nop
  }

  std::unique_ptr<state> state_;
};

} // namespace bulkhead
