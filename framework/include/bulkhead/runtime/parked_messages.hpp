#pragma once

#include "bulkhead/runtime/backlog.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/mailbox_element.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace bulkhead::runtime {

/// Messages that wait in the sender's process for room at their receivers, in order.
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
    parked,
    /// One was dropped: the oldest asynchronous one, which may be the new one itself.
    dropped,
    /// It is a request, and only requests wait.
    refused,
  };

  /// @param each how much may wait for one receiver if old messages give way.
  explicit parked_messages(const backlog_limits& each) noexcept : limits_(each) {
    // nop
  }

  /// Whether nothing waits.
  [[nodiscard]] bool empty() const;

  /// Whether a new message for `target` has to wait behind others.
  [[nodiscard]] bool wait_for(const wire_address& target) const;

  /// Parks `item` at the end, whatever its number.
  void park(const wire_address& target, message item);

  /// Parks `item` at the end; when too many wait, the oldest asynchronous one gives way. `item` is left alone if refused.
  [[nodiscard]] outcome park_for_oldest(const wire_address& target, message& item);

  /// The receivers for which something waits.
  [[nodiscard]] std::vector<wire_address> targets() const;

  /// Takes the oldest message for `target`. Until it has returned false nothing overtakes what was taken.
  [[nodiscard]] bool take(const wire_address& target, message& item);

  /// Puts back what was taken last.
  void put_back(const wire_address& target, message item);

  /// Throws away the messages that `is_unwanted`; called under the mutex.
  /// @returns the senders of these messages of which nothing waits any more; a sender may come more than once.
  [[nodiscard]] std::vector<caf::strong_actor_ptr>
  drop_if(const std::function<bool(const caf::mailbox_element&)>& is_unwanted);

  /// All that waits for `target`.
  [[nodiscard]] std::vector<message> take_all(const wire_address& target);

  [[nodiscard]] std::vector<message> take_all();

private:
  struct queue {
    std::deque<message> items;
    uint64_t bytes = 0;

    void push_back(message item) {
      bytes += item.bytes;
      items.push_back(std::move(item));
    }
  };

  [[nodiscard]] bool is_full(const queue& what) const noexcept;
  [[nodiscard]] bool has_any_of(const caf::strong_actor_ptr& sender) const;
  [[nodiscard]] bool drop_oldest(queue& from, message& dropped);

  const backlog_limits limits_;
  mutable std::mutex mutex_;
  std::unordered_map<wire_address, queue, wire_address_hash> queues_;
  std::atomic<size_t> count_ = 0;
};

} // namespace bulkhead::runtime
