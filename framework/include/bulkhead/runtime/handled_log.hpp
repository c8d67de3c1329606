#pragma once

#include "bulkhead/shm/lapse_board.hpp"
#include "bulkhead/shm/ticket_states.hpp"
#include "bulkhead/transport/backlog_limits.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace bulkhead::runtime {

/// Where the tickets of handled messages go.
class ticket_returns {
public:
  /// Called on any thread, perhaps under the lock of an actor: must not take one.
  virtual void return_tickets(std::span<const uint64_t> tickets) = 0;

protected:
  ~ticket_returns() = default;
};

/// The receiver's books of one direction: which messages were handled. Tells the sender in batches, and only if it wants to know:
/// a sender that is far from its limits needs no news.
///
/// Thread safety: all functions from any thread. Lifetime: shared by the link and the messages that came through it, which may
/// outlive the link.
class handled_log : public std::enable_shared_from_this<handled_log> {
public:
  /// What the calling thread handles while this lives is told together, at the end at the latest.
  class batch {
  public:
    batch() noexcept;
    ~batch();
    batch(const batch&) = delete;
    batch& operator=(const batch&) = delete;

  private:
    friend class handled_log;

    void add(handled_log& log);

    batch* const outer_;
    std::vector<std::shared_ptr<handled_log>> logs_;
  };

  /// @param limits what an honest sender keeps to, of all its messages together.
  /// @param states where the sender looks after this process has died; empty if it does not. Outlives the log.
  /// @param lapses where the sender says which tickets it does not wait for; null if it does not. Outlives the log.
  handled_log(std::weak_ptr<ticket_returns> to, const backlog_limits& limits, std::span<std::byte> states = {},
              const shm::lapse_board* lapses = nullptr) noexcept
    : to_(std::move(to)), limits_(limits), states_(states), lapses_(lapses) {
    // nop
  }

  /// A message has arrived. Returns false if the sender has gone beyond its limits.
  [[nodiscard]] bool arrived(uint64_t bytes) noexcept;

  /// A message was handled or thrown away. `ticket` is 0 if the sender does not want to know.
  void handled(uint64_t ticket, uint64_t bytes);

  /// The handler of a message is about to be entered; or, with `untouched`, it let the message wait for later.
  void note(uint64_t ticket, shm::ticket_state state) noexcept {
    shm::note(states_, ticket, state);
  }

  /// Whether the request with this ticket has expired, or its handler has run for too long.
  [[nodiscard]] bool lapsed(uint64_t ticket) const noexcept {
    return lapses_ != nullptr && ticket != 0 && lapses_->has(ticket);
  }

  /// Whether the sender wants to know at once: it does after an odd number of changes. Who tells of an earlier one is late.
  void demand(uint64_t changes);

private:
  void flush();
  [[nodiscard]] bool demanded() const noexcept {
    return demand_ % 2 == 1;
  }
  [[nodiscard]] std::vector<uint64_t> take();
  void tell(std::span<const uint64_t> tickets);

  const std::weak_ptr<ticket_returns> to_;
  const backlog_limits limits_;
  const std::span<std::byte> states_;
  const shm::lapse_board* const lapses_;
  std::atomic<uint64_t> waiting_ = 0;
  std::atomic<uint64_t> waiting_bytes_ = 0;
  std::atomic<uint64_t> demand_ = 0;
  std::mutex mutex_;
  std::vector<uint64_t> done_;
  uint64_t told_at_ns_ = 0;
};

} // namespace bulkhead::runtime
