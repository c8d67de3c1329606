#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace soak {

/// How often a handler of any process began with each message. It lies in a file that all processes map, so no kill takes it back.
/// A place serves another message when its own is settled.
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

  /// What a place holds when its next message is sent.
  enum class former : uint8_t {
    settled,
    /// Some message is under way for very long: take another number.
    open,
    /// A handler began with a message that was settled.
    begun_late,
  };
  former open(uint64_t number) noexcept {
    auto& place = seen_[number % places];
    auto before = place.load();
    if (before & open_bit)
      return former::open;
    place = open_bit;
    return before == 0 ? former::settled : former::begun_late;
  }

  void note(uint64_t number) noexcept {
    ++seen_[number % places];
  }

  /// Also keeps the order of the messages of one sender. The same number once more is no breach: it was tried again.
  void note_in_order(size_t sender, uint64_t number) noexcept {
    if (last_[sender].exchange(number) > number)
      ++overtaken_;
    note(number);
  }

  /// Settles it.
  /// @returns how often handlers began with it.
  uint8_t take(uint64_t number) noexcept {
    return seen_[number % places].exchange(0) & static_cast<uint8_t>(~open_bit);
  }

  [[nodiscard]] uint64_t overtaken() const noexcept {
    return overtaken_;
  }

private:
  static constexpr uint8_t open_bit = 0x80;

  std::array<std::atomic<uint64_t>, senders_max> last_;
  std::atomic<uint64_t> overtaken_;
  std::array<std::atomic<uint8_t>, places> seen_;
};

} // namespace soak
