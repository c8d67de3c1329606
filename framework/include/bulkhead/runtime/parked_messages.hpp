#pragma once

#include "bulkhead/runtime/backlog.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/mailbox_element.hpp>

#include <deque>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace bulkhead::runtime {

/// Messages that wait in the sender's process for room at their receivers, in order; when too many wait, the oldest asynchronous
/// one gives way.
///
/// Thread safety: all functions from any thread, `take` from one at a time.
class parked_messages {
public:
  struct message {
    caf::strong_actor_ptr proxy;
    caf::mailbox_element_ptr what;
    uint64_t bytes = 0;
  };

  enum class outcome : uint8_t {
    /// Nothing waits for this receiver: the message may go, unless the caller has found that there is no room.
    none,
    parked,
    /// Another one was dropped for it.
    parked_for_another,
    /// It is a request, and only requests wait.
    refused,
  };

  /// @param each how much may wait for one receiver.
  explicit parked_messages(const backlog_limits& each) noexcept : limits_(each) {
    // nop
  }

  /// Parks `item` if others wait for `target`, or if `at_any_rate`; only then `item` is moved from.
  [[nodiscard]] outcome park(const wire_address& target, message& item, bool at_any_rate);

  /// The receivers for which something waits.
  [[nodiscard]] std::vector<wire_address> targets() const;

  /// Takes the oldest message for `target`. Until it has returned false nothing overtakes what was taken.
  [[nodiscard]] bool take(const wire_address& target, message& item);

  /// Puts back what was taken last.
  void put_back(const wire_address& target, message item);

  [[nodiscard]] std::vector<message> take_all();

private:
  struct queue {
    std::deque<message> items;
    uint64_t bytes = 0;
  };

  [[nodiscard]] bool is_full(const queue& what) const noexcept;
  [[nodiscard]] bool drop_oldest(queue& from, message& dropped);

  const backlog_limits limits_;
  mutable std::mutex mutex_;
  std::unordered_map<wire_address, queue, wire_address_hash> queues_;
};

} // namespace bulkhead::runtime
