#pragma once

#include "bulkhead/transport/shared_region.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>

namespace bulkhead {

/// A number to which several processes add: pieces done, bytes read. A handle; copies, also in other processes, are the same
/// counter. An addition costs one atomic instruction, mostly in a cache line of the process's own.
///
/// It is the one kind of shared state that several processes may write, on purpose. What a process has added stays when it
/// dies. A process that scribbles can set the counter to any value, or make it forget; it can neither hang nor crash those
/// who use it, as long as the machine has memory for its eight KiB. So count with it what may be wrong if a worker is hostile.
///
/// Thread safety: any thread of any process. Lifetime: the memory goes with the last handle of any process.
class shared_counter {
public:
  /// Empty; see `make`.
  shared_counter() noexcept = default;

  /// A new counter at zero.
  /// @returns `errc::resources_exhausted` if memory or descriptors are used up.
  [[nodiscard]] static caf::expected<shared_counter> make();

  /// Adds `amount`, which may be negative. What exceeds 64 bits wraps.
  /// @param amount any.
  /// @throws shared_state_error for an empty handle
  void add(int64_t amount = 1) const;

  /// All that was added before this call, and perhaps some of what is added meanwhile.
  /// @throws shared_state_error for an empty handle
  [[nodiscard]] int64_t load() const;

  /// Whether it is not empty.
  explicit operator bool() const noexcept {
    return region_ != nullptr;
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, shared_counter& x) {
    return transport::inspect_ticket(f, x);
  }

  // -- for Bulkhead -----------------------------------------------------------

  [[nodiscard]] transport::shared_ticket to_ticket() const;
  [[nodiscard]] caf::error from_ticket(transport::shared_ticket& ticket);

private:
  explicit shared_counter(transport::shared_region::pointer region);

  transport::shared_region::pointer region_;
  /// Which cell this process adds to; asking the kernel each time would cost more than the addition.
  size_t cell_ = 0;
};

} // namespace bulkhead
