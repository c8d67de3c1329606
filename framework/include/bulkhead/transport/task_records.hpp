#pragma once

#include "bulkhead/shm/claim_board.hpp"
#include "bulkhead/transport/shared_region.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <vector>

namespace bulkhead::transport {

/// A function to be run in a worker. Number 0: none.
struct task_call {
  /// Counted for each worker, from 1.
  uint64_t number = 0;
  /// See `runtime::task_entry`.
  uint64_t function = 0;
  caf::message arguments;

  template <class Inspector>
  friend bool inspect(Inspector& f, task_call& x) {
    return f.object(x).fields(f.field("number", x.number), f.field("function", x.function),
                              f.field("arguments", x.arguments));
  }
};

/// What the host sends to a worker's runner, as a request.
struct task_batch {
  std::vector<task_call> calls;

  template <class Inspector>
  friend bool inspect(Inspector& f, task_batch& x) {
    return f.object(x).fields(f.field("calls", x.calls));
  }
};

/// What a function returned, or one `caf::error`. That of a batch's last task is the response to the request, the others are
/// messages of their own, so that each is with the host before the next task begins.
struct task_result {
  /// 0: the task was taken back.
  uint64_t number = 0;
  caf::message value;

  template <class Inspector>
  friend bool inspect(Inspector& f, task_result& x) {
    return f.object(x).fields(f.field("number", x.number), f.field("value", x.value));
  }
};

/// Arguments of several calls of one function, or their results.
struct task_chunk {
  std::vector<caf::message> items;

  template <class Inspector>
  friend bool inspect(Inspector& f, task_chunk& x) {
    return f.object(x).fields(f.field("items", x.items));
  }
};

/// A claim board that travels in messages, see `shm::claim_board`.
///
/// Thread safety: any thread. Lifetime: the memory goes with the last handle of either process.
class task_claims {
public:
  /// Empty; only to be assigned to.
  task_claims() noexcept = default;

  /// @returns `errc::resources_exhausted` if memory or descriptors are used up.
  [[nodiscard]] static caf::expected<task_claims> make();

  /// Not of an empty one.
  [[nodiscard]] shm::claim_board board() const noexcept {
    return shm::claim_board{region_->data()};
  }

  explicit operator bool() const noexcept {
    return region_ != nullptr;
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, task_claims& x) {
    return inspect_ticket(f, x);
  }

  [[nodiscard]] shared_ticket to_ticket() const;
  [[nodiscard]] caf::error from_ticket(shared_ticket& ticket);

private:
  explicit task_claims(shared_region::pointer region);

  shared_region::pointer region_;
};

} // namespace bulkhead::transport
