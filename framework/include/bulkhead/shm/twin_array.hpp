#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bulkhead::shm {

/// Where an array that one process writes and others read lies in its memory: two copies of it.
///
/// ```
///   byte 0     64         128            128 + copy_bytes
///   +----------+----------+--------------+--------------+
///   | flips    | changes  | copy 0       | copy 1       |      readers use copy `flips` modulo 2
///   +----------+----------+--------------+--------------+
/// ```
struct twin_layout {
  /// Number of elements, at least 1.
  size_t count;
  /// Bytes of one: 1, 2, 4 or 8.
  size_t element_bytes;

  static constexpr size_t header_bytes = 128;

  [[nodiscard]] constexpr size_t copy_bytes() const noexcept {
    return (count * element_bytes + 127) / 128 * 128;
  }

  /// Bytes of the whole.
  [[nodiscard]] constexpr size_t bytes() const noexcept {
    return header_bytes + 2 * copy_bytes();
  }
};

/// Changes single elements, each for itself, or several at once so that a reader's snapshot has all of them or none.
///
/// An update is written into the copy that nobody reads, which then becomes the one to read, and the other one follows. So a
/// writer may die at any point: the copy to read is always whole. (Two copies and a switch, as Left-Right has them: Ramalhete
/// and Correia 2015; but here readers notice the switch themselves, so the writer waits for nobody.)
///
/// Thread safety: of one thread at a time. Lifetime: the memory outlives it.
template <class Word>
class twin_array_writer {
public:
  static_assert(std::atomic<Word>::is_always_lock_free && sizeof(std::atomic<Word>) == sizeof(Word));

  /// @param memory writable, all zero, of `twin_layout{count, sizeof(Word)}.bytes()`.
  twin_array_writer(std::byte* memory, size_t count) noexcept : memory_(memory), layout_{count, sizeof(Word)} {}

  /// Changes one element, outside of an update.
  /// @param index below the number of elements.
  void set(size_t index, Word value) noexcept {
    for (auto copy : {flips_, flips_ + 1})
      copy_of(copy)[index].store(value, std::memory_order_release); // sync: element/recheck
    note_change();
  }

  /// Changes one element for the next `flip`.
  /// @param index below the number of elements.
  /// @throws std::bad_alloc, and then changed nothing
  void stage(size_t index, Word value) {
    staged_.push_back(index);
    copy_of(flips_ + 1)[index].store(value, std::memory_order_release); // sync: element/recheck
  }

  /// Shows all that was staged at once.
  void flip() noexcept {
    ++flips_;
    word_at(0).store(flips_, std::memory_order_release); // sync: flip/snapshot
    follow();
    note_change();
  }

  /// Takes back all that was staged.
  void abandon() noexcept {
    follow();
  }

  /// The element as the next `flip` shows it.
  [[nodiscard]] Word staged(size_t index) const noexcept {
    return copy_of(flips_ + 1)[index].load(std::memory_order_relaxed); // Relaxed: nobody else writes it.
  }

private:
  // The copy that nobody reads becomes equal to the other one.
  void follow() noexcept {
    auto from = copy_of(flips_);
    auto to = copy_of(flips_ + 1);
    for (auto i : staged_) {
      auto value = from[i].load(std::memory_order_relaxed); // Relaxed: nobody else writes it.
      to[i].store(value, std::memory_order_release);        // sync: element/recheck
    }
    staged_.clear();
  }

  void note_change() noexcept {
    word_at(64).store(++changes_, std::memory_order_seq_cst); // sync: change/watch
  }

  [[nodiscard]] std::atomic<Word>* copy_of(uint64_t flips) const noexcept {
    return reinterpret_cast<std::atomic<Word>*>(memory_ + twin_layout::header_bytes + flips % 2 * layout_.copy_bytes());
  }

  [[nodiscard]] std::atomic<uint64_t>& word_at(size_t offset) const noexcept {
    return *reinterpret_cast<std::atomic<uint64_t>*>(memory_ + offset);
  }

  std::byte* memory_;
  twin_layout layout_;
  uint64_t flips_ = 0;
  uint64_t changes_ = 0;
  std::vector<size_t> staged_;
};

/// Reads what a `twin_array_writer` of any process publishes; never waits for it and trusts no word of it.
///
/// Thread safety: any thread. Lifetime: the memory outlives it.
template <class Word>
class twin_array_reader {
public:
  static constexpr int tries_max = 200;

  twin_array_reader(const std::byte* memory, size_t count) noexcept : memory_(memory), layout_{count, sizeof(Word)} {}

  /// One element, which is never torn. Only a writer that updates without pause can make it one of an unfinished update.
  /// @param index below the number of elements.
  [[nodiscard]] Word get(size_t index) const noexcept {
    Word result{};
    (void) snapshot(index, {&result, 1});
    return result;
  }

  /// Copies `out.size()` elements from `first` on, as they are between two updates. Elements that are set singly come as
  /// each is at the moment.
  /// @param first with `out.size()` elements behind it.
  /// @returns false if each try was disturbed by an update; `out` then holds anything.
  [[nodiscard]] bool snapshot(size_t first, std::span<Word> out) const noexcept {
    for (int i = 0; i < tries_max; ++i) {
      auto flips = word_at(0).load(std::memory_order_acquire); // sync: flip/snapshot
      auto from = copy_of(flips) + first;
      for (size_t j = 0; j < out.size(); ++j)
        out[j] = from[j].load(std::memory_order_acquire); // sync: element/recheck
      // Relaxed: the copy is only written after it was switched away from; who saw such an element sees the switch.
      if (word_at(0).load(std::memory_order_relaxed) == flips)
        return true;
    }
    return false;
  }

  /// Number of changes so far; an update is one.
  [[nodiscard]] uint64_t version() const noexcept {
    return word_at(64).load(std::memory_order_seq_cst); // sync: change/watch
  }

private:
  [[nodiscard]] const std::atomic<Word>* copy_of(uint64_t flips) const noexcept {
    return reinterpret_cast<const std::atomic<Word>*>(memory_ + twin_layout::header_bytes
                                                      + flips % 2 * layout_.copy_bytes());
  }

  [[nodiscard]] const std::atomic<uint64_t>& word_at(size_t offset) const noexcept {
    return *reinterpret_cast<const std::atomic<uint64_t>*>(memory_ + offset);
  }

  const std::byte* memory_;
  twin_layout layout_;
};

} // namespace bulkhead::shm
