#pragma once

#include "ledger.hpp"
#include "services.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <vector>

namespace soak {

/// Light actors that send all kinds of messages to the services, each the next one when one was settled.
///
/// Thread safety: of one thread. Lifetime: held, and settled, when it ends.
class traffic {
public:
  traffic(caf::actor_system& sys, const services& targets);
  ~traffic();
  traffic(const traffic&) = delete;
  traffic& operator=(const traffic&) = delete;

  /// Sends from now on.
  void go_on();

  /// Sends nothing new.
  void hold();

  /// Whether each message was settled in time. After `hold`.
  [[nodiscard]] bool settles() const;

  [[nodiscard]] uint64_t sent() const;

  /// One for each kind, for messages that others send as well.
  ledger& open_books(std::string name, promise what);

  [[nodiscard]] const std::list<ledger>& books() const noexcept {
    return books_;
  }

private:
  using next = std::function<void()>;
  /// Sends one message, or several, and calls `next` when they are settled.
  using issue = std::function<void(caf::event_based_actor*, uint32_t sender, ledger&, next)>;

  /// Adds a kind of traffic.
  /// @param at_once messages that each sender has under way.
  void add(std::string name, promise what, uint32_t senders, uint32_t at_once, issue send);

  static caf::behavior sender(caf::event_based_actor* self, const std::atomic<bool>* running, uint32_t at_once,
                              std::function<void(next)> send);

  caf::actor_system& sys_;
  std::atomic<bool> running_ = false;
  std::list<ledger> books_;
  std::vector<caf::actor> senders_;
};

} // namespace soak
