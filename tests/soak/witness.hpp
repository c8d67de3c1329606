#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace soak {

/// How often a handler of any process began with each message. It lies in a file that all processes map, so no kill takes it back.
/// A number's place is used again after `places` others: its message must be settled by then.
///
/// Thread safety: all functions from any thread.
class witness {
public:
  static constexpr size_t places = size_t{1} << 22;
  static constexpr size_t senders_max = 64;

  /// Makes the file, which the workers of this process find by their environment. Once in a host.
  static void set_up();
  static void remove();

  /// The one of this process, host or worker.
  static witness& here();

  void note(uint64_t number) noexcept {
    ++seen_[number % places];
  }

  /// Also keeps the order of the messages of one sender. The same number once more is no breach: it was tried again.
  void note_in_order(size_t sender, uint64_t number) noexcept {
    if (last_[sender].exchange(number) > number)
      ++overtaken_;
    note(number);
  }

  /// How often handlers began with it; none from now on.
  uint8_t take(uint64_t number) noexcept {
    return seen_[number % places].exchange(0);
  }

  [[nodiscard]] uint64_t overtaken() const noexcept {
    return overtaken_;
  }

private:
  std::array<std::atomic<uint64_t>, senders_max> last_;
  std::atomic<uint64_t> overtaken_;
  std::array<std::atomic<uint8_t>, places> seen_;
};

} // namespace soak
