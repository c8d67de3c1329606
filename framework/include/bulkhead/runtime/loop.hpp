#pragma once

#include "bulkhead/runtime/backlog.hpp"
#include "bulkhead/runtime/pending_table.hpp"

#include <functional>
#include <memory>

namespace bulkhead::runtime {

class link;

/// What links want of the threads that run actors.
///
/// Thread safety: all functions from any thread, also under locks of actors: none takes one.
class loop {
public:
  /// Runs `work` soon on the polling thread, outside of all locks.
  virtual void post(std::function<void()> work) = 0;

  /// A link's `trim` has something to do after a while.
  virtual void memory_is_idle() = 0;

  /// Whether an actor runs on the calling thread that can wait.
  [[nodiscard]] virtual bool runs_actor() const noexcept = 0;

  /// The same, and it may park another message of `bytes` in this turn: as many as `most` says.
  [[nodiscard]] virtual bool may_park(uint64_t bytes, const backlog_limits& most) noexcept = 0;

  /// The actor that runs on the calling thread, if there is one, is not resumed until `via` has room for `who`.
  virtual void wait_for_room(const std::shared_ptr<link>& via, const flow& who) = 0;

  /// `via` may have room for some who wait.
  virtual void room_made(link& via) = 0;

  /// `source` waits for room behind `via` in vain: what it has sent is not wanted any more.
  virtual void nothing_parked(link& via, const wire_address& source) = 0;

  /// A receiver behind `via` is at its limits: the link wants `check_receivers` to be called now and then, for as long as that
  /// returns true.
  virtual void receiver_is_crowded() = 0;

  /// The request that is handled on the calling thread, as far as CAF still knows; number 0 if there is none.
  [[nodiscard]] virtual request_key handled_request() const noexcept = 0;

  /// Nobody waits any more for the answers to these requests: what was not begun for them is not begun, and so it goes for what their
  /// handlers have asked for.
  virtual void lapse(request_set over) = 0;

  /// A request is open from now on: whoever made it may come to wait for it in a circle.
  virtual void request_made() = 0;

protected:
  ~loop() = default;
};

} // namespace bulkhead::runtime
