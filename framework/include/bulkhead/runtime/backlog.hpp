#pragma once

#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/transport/backlog_limits.hpp"

#include <caf/tracing_data.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace bulkhead::runtime {

/// Who sends to whom.
struct flow {
  wire_address source;
  wire_address target;

  friend bool operator==(const flow&, const flow&) = default;
};

/// The sender's books of one direction: each message that was sent and not handled yet, and how much that is for each receiver and
/// for all of them. The receiver returns a message's ticket when its handler has returned (credit-based flow control: Kung, Morris:
/// Credit-based flow control for ATM networks, 1995). It does so lazily, in batches, and only while it was told to.
///
/// Nobody may take all the room: what one sender has with a receiver, and what one receiver has of a worker's, must stay below eight
/// times the room that is left (dynamic thresholds: Choudhury, Hahne 1998). So a flood leaves a ninth to others.
///
/// Thread safety: all functions from any thread; none calls out.
class backlog {
public:
  enum class room : uint8_t {
    free,
    /// At the limits: who can wait should.
    crowded,
    /// At twice the limits.
    full,
  };

  /// How much waits.
  struct amount {
    uint64_t messages = 0;
    uint64_t bytes = 0;
  };

  /// What became of a message.
  struct entrance {
    room found;
    /// 0 if it was turned away.
    uint64_t ticket = 0;
    /// If not 0: what the peer must be told, that tickets are wanted at once from now on.
    uint64_t demand = 0;
  };

  /// What came back with tickets.
  struct handled {
    /// Of the messages among them that were passed on: now they have been handled.
    std::vector<caf::tracing_data_ptr> marks;
    /// If not 0: what the peer must be told, that tickets are not wanted at once any more.
    uint64_t demand = 0;
  };

  /// @param all of the whole direction; `each` of one receiver.
  backlog(const backlog_limits& all, const backlog_limits& each) noexcept : all_limits_(all), each_limits_(each) {
    // nop
  }

  /// Books a message of `bytes`, unless there is too little room.
  /// @param most the worst room in which it may still enter.
  /// @param mark of a message that is passed on, else null; taken only if it enters. From the first of them on tickets are always
  ///        demanded: whoever sent it may have smaller limits, and wait for less than what is half of these.
  [[nodiscard]] entrance enter(const flow& who, uint64_t bytes, room most, caf::tracing_data_ptr& mark);

  /// Closes the books on messages. Nothing if one of the tickets does not exist: then the peer lies.
  [[nodiscard]] std::optional<handled> leave(std::span<const uint64_t> tickets);

  /// Demands tickets for good. Returns what the peer must be told, if not 0.
  [[nodiscard]] uint64_t demand_always();

  /// Whether this ticket has not come back.
  [[nodiscard]] bool is_open(uint64_t ticket) const;

  [[nodiscard]] room room_for(const flow& who) const;

  /// Whether there is no room for `who` before the receiver itself has handled something.
  [[nodiscard]] bool waits_for_receiver(const flow& who) const;

  /// Whether half of the room of `target`, or of all, is taken.
  [[nodiscard]] bool presses(const wire_address& target) const;

  /// How many times a ticket of `target` came back; it means progress if it changes.
  [[nodiscard]] uint64_t handled_by(const wire_address& target) const;

  /// What waits for one receiver.
  [[nodiscard]] amount waiting_for(const wire_address& target) const;

  /// Forgets all messages, and returns the marks of those that were passed on.
  [[nodiscard]] std::vector<caf::tracing_data_ptr> clear();

private:
  struct account : amount {
    uint64_t handled = 0;
    /// Counted in `pressing_`.
    bool pressing = false;

    void add(uint64_t size) noexcept {
      ++messages;
      bytes += size;
    }
    void subtract(uint64_t size) noexcept {
      --messages;
      bytes -= size;
      ++handled;
    }
  };

  struct flow_hash {
    size_t operator()(const flow& x) const noexcept {
      wire_address_hash hash;
      return hash(x.source) * 31 + hash(x.target);
    }
  };

  struct pair_account : account {
    /// Place of the receiver's account; valid while `messages` is not 0.
    uint32_t target = 0;
  };

  /// Accounts that keep their places. Those without messages go when many have gathered, so that a flow that comes back costs no
  /// more than a look-up.
  template <class Key, class Hash, class Account>
  class account_table {
  public:
    [[nodiscard]] Account* find(const Key& key) noexcept;
    [[nodiscard]] uint32_t open(const Key& key);
    [[nodiscard]] Account& operator[](uint32_t place) noexcept {
      return accounts_[place].value;
    }
    void clear();

  private:
    static constexpr size_t swept_at_least = 64;

    struct entry {
      Key key;
      Account value;
    };

    void sweep();

    std::vector<entry> accounts_;
    std::vector<uint32_t> free_;
    boost::unordered_flat_map<Key, uint32_t, Hash> places_;
    uint32_t last_ = 0;
    size_t sweep_at_ = swept_at_least;
  };

  /// Small, because a flood touches one after the other.
  struct slot {
    caf::tracing_data_ptr mark;
    uint64_t bytes = 0;
    uint32_t pair = 0;
    /// Odd while it is used.
    uint32_t generation = 0;
  };

  static bool at(const account& what, const backlog_limits& limits, uint64_t times) noexcept;
  static bool takes_all(const account& part, const account& whole, const backlog_limits& limits) noexcept;
  [[nodiscard]] room room_for(const account& target, const account& pair) const noexcept;
  [[nodiscard]] const slot* find(uint64_t ticket) const noexcept;
  void press(account& what, const backlog_limits& limits) noexcept;
  void relieve(account& what, const backlog_limits& limits) noexcept;
  [[nodiscard]] uint64_t demand_if_changed() noexcept;

  const backlog_limits all_limits_;
  const backlog_limits each_limits_;

  mutable std::mutex mutex_;
  account all_;
  // Look-ups remember the last place.
  mutable account_table<wire_address, wire_address_hash, account> targets_;
  mutable account_table<flow, flow_hash, pair_account> pairs_;
  std::vector<slot> slots_;
  std::vector<uint32_t> free_;
  size_t pressing_ = 0;
  /// Tickets are demanded for good.
  bool always_ = false;
  /// How often the demand has changed: odd while there is one. Threads may tell the peer in another order, and it goes by the number.
  uint64_t demand_ = 0;
};

} // namespace bulkhead::runtime
