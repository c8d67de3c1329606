#pragma once

#include "bulkhead/shm/ticket_states.hpp"
#include "bulkhead/supervision/restart_policy.hpp"
#include "bulkhead/transport/worker_death.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>
#include <caf/tracing_data.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace bulkhead::supervision {

/// The mailbox that survives: each message to a supervised actor from when it was sent until its handler has returned. Those that
/// were given to a process which then died, and that it had not begun to handle, wait here for its successor.
///
/// A message is a counted reference, so an entry copies nothing.
///
/// Thread safety: all functions from any thread; none calls out but `settle`, none destroys a message under the mutex.
class ledger {
public:
  /// Names one delivery of a message: to which process, and after how many deaths. Number 0 names none.
  struct place {
    uint64_t number = 0;
    uint32_t incarnation = 0;
    /// How many processes died in its handler.
    uint32_t deaths = 0;
  };

  struct entry {
    caf::strong_actor_ptr sender;
    caf::message_id mid;
    caf::mailbox_element::forwarding_stack stages;
    caf::message content;
    /// Of a message that another worker sent: its destructor tells that one.
    caf::tracing_data_ptr mark;
    uint64_t ticket = 0;
    /// What it took on its way to the last process, payloads included.
    uint64_t bytes = 0;
    /// Of the processes that died in its handler.
    std::vector<worker_death> deaths;
    /// The process that has it; 0 while it waits.
    uint32_t incarnation = 0;
    /// Nobody waits for its answer any more.
    bool lapsed = false;
  };

  enum class entrance : uint8_t {
    /// To be delivered by the caller.
    goes,
    waits,
    /// Too many wait.
    full,
    /// It takes no more.
    closed,
    /// The actor has ended.
    over,
  };

  struct delivery {
    caf::mailbox_element_ptr what;
    place where;
  };

  /// A message that is not delivered again.
  struct condemned {
    entry what;
    sentence why;
  };

  struct settlement {
    /// Requests that wait for the successor.
    std::vector<std::pair<caf::strong_actor_ptr, caf::message_id>> kept;
    std::vector<condemned> lost;
    /// Handled; to be destroyed outside of all locks.
    std::vector<entry> closed;
  };

  /// @param waiting_max so many messages may wait while there is no process.
  explicit ledger(uint64_t waiting_max) noexcept : waiting_max_(waiting_max) {
    // nop
  }

  /// Enters a message; its mark moves in here. As long as any message is in here, `handle` is held.
  [[nodiscard]] entrance enter(caf::mailbox_element& what, const caf::strong_actor_ptr& handle, place& where);

  /// From now on messages are for this process; they still wait behind those that waited before. Nothing if it has been settled.
  void open(uint32_t incarnation);

  /// The next message that waits, to be delivered to this process. Once there is none, new ones go at once.
  [[nodiscard]] std::optional<delivery> next(uint32_t incarnation);

  /// From now on messages wait.
  void pause();

  /// The delivery was booked with this ticket, and so many bytes.
  void booked(const place& where, uint64_t ticket, uint64_t bytes);

  /// It was handled, or turned away for good. Nothing if the process died meanwhile.
  void handled(const place& where);

  /// Of a delivery that failed: whether that means nothing any more, because the message waits for another process, has gone to one, or
  /// was taken out for one.
  [[nodiscard]] bool outlives(const place& where) const;

  /// A process has died: what it had not begun to handle waits again, in order.
  /// @param death its end; whether the ledger was opened for this incarnation or not.
  /// @param state_of what it said about a ticket.
  /// @param answered whether a request has its answer already; called under the mutex.
  [[nodiscard]] settlement settle(const worker_death& death, const restart_policy& policy,
                                  const std::function<shm::ticket_state(uint64_t)>& state_of,
                                  const std::function<bool(const entry&)>& answered);

  /// Nobody waits any more for the answers to the requests that `is_over`, which is called under the mutex: those that no process has are
  /// taken out, and the others are not handed to another one.
  [[nodiscard]] std::vector<entry> lapse(const std::function<bool(const entry&)>& is_over);

  /// Takes out what waits and was in no handler, in order: somebody else will handle it.
  [[nodiscard]] std::vector<entry> take_unbegun();

  /// No new messages from now on; those that are in here are handled as before.
  void shut();

  /// The actor has ended: no more messages. Returns all that is in here: those that waited, in order, and those that the last
  /// process had.
  struct remains {
    std::vector<entry> waiting;
    std::vector<entry> delivered;
  };
  [[nodiscard]] remains close();

  /// The messages that the present process has begun with and not handled, by the number of their delivery.
  [[nodiscard]] std::vector<uint64_t> begun(const std::function<shm::ticket_state(uint64_t)>& state_of) const;

  /// Whether nobody waits for the answer to a message that is in here.
  [[nodiscard]] bool has_lapsed(uint64_t number) const;
  [[nodiscard]] bool any_lapsed() const;

  /// Whether the present process has messages.
  [[nodiscard]] bool any_delivered() const;

  /// What the delivery of a message was booked with; 0 if it was not.
  [[nodiscard]] uint64_t ticket_of(uint64_t number) const;

  /// What a message that is in here consists of; empty if it is not any more.
  [[nodiscard]] caf::message content_of(uint64_t number) const;

  /// Whether the present process has begun with a message and not handled it.
  [[nodiscard]] bool any_begun(const std::function<shm::ticket_state(uint64_t)>& state_of) const;

  /// How many messages the present process has handled, as far as it has told.
  [[nodiscard]] uint64_t handled_count() const noexcept {
    return handled_;
  }

  [[nodiscard]] size_t size() const;

private:
  entry take(uint64_t number, caf::strong_actor_ptr& dropped);

  const uint64_t waiting_max_;
  mutable std::mutex mutex_;
  boost::unordered_flat_map<uint64_t, entry> entries_;
  std::deque<uint64_t> waiting_;
  caf::strong_actor_ptr handle_;
  uint64_t last_number_ = 0;
  std::atomic<uint64_t> handled_ = 0;
  uint32_t incarnation_ = 0;
  uint32_t last_settled_ = 0;
  /// Nothing waits, and there is a process.
  bool direct_ = false;
  bool shut_ = false;
  bool over_ = false;
};

} // namespace bulkhead::supervision
