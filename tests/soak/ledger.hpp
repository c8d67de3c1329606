#pragma once

#include <caf/error.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <mutex>
#include <string>

namespace soak {

/// Which promise is made for the messages of one kind of traffic.
struct promise {
  /// Its handlers tell the witness.
  bool witnessed = true;
  /// A message is tried again when its process died.
  bool retried = false;
};

/// The books of one kind of traffic. Each message that is sent is settled by exactly one of the other functions.
///
/// Thread safety: all functions from any thread.
class ledger {
public:
  ledger(std::string name, promise what);

  /// @returns the message's number, which no other message has.
  uint64_t send();

  /// @param right whether the answer is the one to this message.
  void answered(uint64_t number, bool right);

  /// The sender got this error.
  void failed(uint64_t number, const caf::error& why);

  /// A message without an answer, when the next one of its sender has been handled.
  void passed_by(uint64_t number);

  [[nodiscard]] const std::string& name() const noexcept {
    return name_;
  }
  [[nodiscard]] uint64_t sent() const noexcept {
    return sent_;
  }
  [[nodiscard]] uint64_t under_way() const noexcept {
    return sent_ - settled_;
  }
  /// Messages without an answer that no handler has begun with. The host must have reported as many.
  [[nodiscard]] uint64_t missing() const noexcept {
    return missing_;
  }
  /// How many answers and errors say what is not so.
  [[nodiscard]] uint64_t untrue() const noexcept {
    return wrong_ + repeated_ + contradicted_ + unseen_ + strange_;
  }

  static void print_head(std::ostream& out);
  void print(std::ostream& out) const;
  /// What makes it untrue, one line each.
  void print_complaints(std::ostream& out) const;

private:
  uint8_t take(uint64_t number);
  void complain(const std::string& what);

  const std::string name_;
  const promise promise_;
  std::atomic<uint64_t> sent_ = 0;
  std::atomic<uint64_t> settled_ = 0;
  std::atomic<uint64_t> answered_ = 0;
  /// Failed while a handler may have run, and certainly before.
  std::atomic<uint64_t> in_doubt_ = 0;
  std::atomic<uint64_t> not_begun_ = 0;
  /// Failed with another error that the documents name for it.
  std::atomic<uint64_t> refused_ = 0;
  std::atomic<uint64_t> missing_ = 0;
  std::atomic<uint64_t> wrong_ = 0;
  std::atomic<uint64_t> repeated_ = 0;
  /// Failed as certainly not begun, although a handler had begun.
  std::atomic<uint64_t> contradicted_ = 0;
  /// Answered although no handler had begun.
  std::atomic<uint64_t> unseen_ = 0;
  /// Failed with an error that does not belong here.
  std::atomic<uint64_t> strange_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, uint64_t> complaints_;
};

} // namespace soak
