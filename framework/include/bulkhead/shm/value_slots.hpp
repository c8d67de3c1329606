#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace bulkhead::shm {

/// Where a value that one process writes and others read lies in its memory:
///
/// ```
///   byte 0        128             128 + stride
///   +-------------+---------------+---------------+-
///   | latest      | slot 0        | slot 1        | ...     slot: sequence, words of the value, padding
///   +-------------+---------------+---------------+-
/// ```
///
/// Everything follows from the size of the value, so a reader takes no size from the memory. Version v, counted from 1,
/// stands in slot v modulo the number of slots; the slot's sequence is 2v - 1 while it is written and 2v afterwards.
struct value_layout {
  /// At least 1.
  size_t value_bytes;

  static constexpr size_t line = 128; // two cache lines, which some prefetchers fetch together

  static constexpr size_t small_bytes_max = 4096;

  [[nodiscard]] constexpr size_t words() const noexcept {
    return (value_bytes + 7) / 8;
  }

  /// A reader is only disturbed by a writer that goes once around meanwhile.
  [[nodiscard]] constexpr size_t slots() const noexcept {
    return value_bytes <= small_bytes_max ? 16 : 4;
  }

  [[nodiscard]] constexpr size_t stride() const noexcept {
    return (8 + 8 * words() + line - 1) / line * line;
  }

  /// Bytes of the whole.
  [[nodiscard]] constexpr size_t bytes() const noexcept {
    return line + slots() * stride();
  }

  /// How often a reader tries. A large value takes longer to write too, so a few times are enough.
  [[nodiscard]] constexpr int tries_max() const noexcept {
    return value_bytes <= small_bytes_max ? 1000 : 50;
  }
};

static_assert(std::atomic<uint64_t>::is_always_lock_free);

/// Publishes values that are read whole or not at all, without waiting for any reader: sequence counters over a ring of
/// slots (Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012; the variant without fences).
/// A writer that dies in the middle leaves the version before, which stands in another slot.
///
/// Thread safety: of one thread at a time. Lifetime: the memory outlives it.
class value_writer {
public:
  /// @param memory writable, all zero, of `layout.bytes()`, aligned to `value_layout::line`. Version 1 must be stored before
  ///               anybody reads.
  value_writer(std::byte* memory, value_layout layout) noexcept : memory_(memory), layout_(layout) {}

  /// @param value of `value_bytes`.
  /// @returns the new version.
  uint64_t store(const void* value) noexcept {
    auto slot = words_at(value_layout::line + ++version_ % layout_.slots() * layout_.stride());
    // Relaxed: each word that is stored below brings it along.
    slot[0].store(2 * version_ - 1, std::memory_order_relaxed);
    auto from = static_cast<const std::byte*>(value);
    for (size_t i = 0, left = layout_.value_bytes; left > 0; ++i) {
      uint64_t word = 0;
      auto count = left < 8 ? left : 8;
      std::memcpy(&word, from + 8 * i, count);
      slot[1 + i].store(word, std::memory_order_release); // sync: word/recheck
      left -= count;
    }
    slot[0].store(2 * version_, std::memory_order_release);    // sync: slot/load
    words_at(0)[0].store(version_, std::memory_order_seq_cst); // sync: latest/load, and change/watch
    return version_;
  }

  [[nodiscard]] uint64_t version() const noexcept {
    return version_;
  }

private:
  [[nodiscard]] std::atomic<uint64_t>* words_at(size_t offset) const noexcept {
    return reinterpret_cast<std::atomic<uint64_t>*>(memory_ + offset);
  }

  std::byte* memory_;
  value_layout layout_;
  uint64_t version_ = 0;
};

/// Reads what a `value_writer` of any process publishes; never waits for it and trusts no word of it.
///
/// Thread safety: any thread. Lifetime: the memory outlives it.
class value_reader {
public:
  value_reader(const std::byte* memory, value_layout layout) noexcept : memory_(memory), layout_(layout) {}

  /// Copies the latest value, or a later one that is complete by now; never an earlier one than a call before returned.
  /// @param out gets `value_bytes`; anything if nothing is returned.
  /// @returns its version; nothing if no try met a whole value, which an honest writer that pauses at all does not cause.
  [[nodiscard]] std::optional<uint64_t> load(void* out) const noexcept {
    for (int i = 0; i < layout_.tries_max(); ++i)
      if (auto version = try_load(out))
        return version;
    return std::nullopt;
  }

  /// Number of stores so far.
  [[nodiscard]] uint64_t version() const noexcept {
    return words_at(0)[0].load(std::memory_order_seq_cst); // sync: change/watch
  }

private:
  [[nodiscard]] std::optional<uint64_t> try_load(void* out) const noexcept {
    auto& latest = words_at(0)[0];
    auto version = latest.load(std::memory_order_acquire); // sync: latest/load
    auto slot = words_at(value_layout::line + version % layout_.slots() * layout_.stride());
    auto sequence = slot[0].load(std::memory_order_acquire); // sync: slot/load
    if (sequence % 2 != 0 || sequence == 0 || sequence / 2 < version)
      return std::nullopt;
    auto to = static_cast<std::byte*>(out);
    for (size_t i = 0, left = layout_.value_bytes; left > 0; ++i) {
      auto word = slot[1 + i].load(std::memory_order_acquire); // sync: word/recheck
      auto count = left < 8 ? left : 8;
      std::memcpy(to + 8 * i, &word, count);
      left -= count;
    }
    // Relaxed: whoever saw a later word sees the sequence that was stored before it.
    if (slot[0].load(std::memory_order_relaxed) != sequence)
      return std::nullopt;
    // A slot is complete shortly before `latest` says so. Whoever took it then would next see an earlier one.
    if (sequence / 2 > version && latest.load(std::memory_order_acquire) < sequence / 2) // sync: latest/load
      return std::nullopt;
    return sequence / 2;
  }

  [[nodiscard]] const std::atomic<uint64_t>* words_at(size_t offset) const noexcept {
    return reinterpret_cast<const std::atomic<uint64_t>*>(memory_ + offset);
  }

  const std::byte* memory_;
  value_layout layout_;
};

} // namespace bulkhead::shm
