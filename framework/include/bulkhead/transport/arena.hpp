#pragma once

#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/transport/bytes.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace bulkhead::transport {

/// Memory that one process writes and its peer reads: the payloads of one direction of an edge.
///
/// It grows by chunks, each a sealed memory file whose pages are all reserved before anything is written to them, so that
/// exhausted memory is an answer and never a signal. The books that Boost.Interprocess's allocator (best fit by address in a
/// red-black tree) keeps between the blocks can be read by the peer, and written by nobody but this process.
///
/// Thread safety: all functions from any thread. Lifetime: shared by its blocks, so that a payload may outlive the edge.
class arena : public std::enable_shared_from_this<arena> {
  struct chunk;

public:
  struct options {
    /// Most memory that all chunks together may take, in bytes.
    uint64_t bytes_max;

    /// Called when a chunk has become empty: `trim` has something to do after a while. On any thread, under the arena's
    /// mutex, and not after `close`.
    std::function<void()> on_idle;
  };

  /// A piece of the arena. Its memory goes back with the last reference.
  class block final : public payload_owner {
  public:
    block(std::shared_ptr<arena> home, chunk& in, std::byte* first, size_t size) noexcept;
    ~block() override;

    [[nodiscard]] const arena* home() const noexcept {
      return home_.get();
    }
    [[nodiscard]] std::byte* first() const noexcept {
      return first_;
    }
    [[nodiscard]] size_t size() const noexcept {
      return size_;
    }

    /// Where `what`, which lies in this block, lies for the peer.
    [[nodiscard]] uint64_t chunk_number() const noexcept;
    [[nodiscard]] uint64_t offset_of(const std::byte* what) const noexcept;

  private:
    friend arena;

    std::shared_ptr<arena> home_;
    chunk& chunk_;
    std::byte* first_;
    size_t size_;
  };

  explicit arena(options how);
  ~arena();
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;

  /// @returns null if `bytes_max` would be passed, if the machine does not have the memory, or after `close`.
  [[nodiscard]] std::shared_ptr<block> allocate(size_t bytes);

  /// Makes the chunk of `in` known to the peer, if it is not yet: what is never lent, the peer never hears of.
  /// @param send returns whether it could be sent. Called under the arena's mutex, and not after `close`.
  /// @returns whether the peer knows the chunk.
  [[nodiscard]] bool announce(const block& in,
                              const std::function<bool(uint64_t number, const platform::memory_file&)>& send);

  /// Gives chunks back to the system that have been empty since `before_ns` (as platform::now_ns) or longer.
  /// @returns the numbers of all chunks that the peer knows and that are gone since the last call: it may forget them.
  [[nodiscard]] std::vector<uint64_t> trim(uint64_t before_ns);

  /// Whether there are empty chunks.
  [[nodiscard]] bool has_idle() const;

  /// No more blocks are made; the memory goes with the last one.
  void close();

  /// Memory of all chunks, in bytes.
  [[nodiscard]] uint64_t reserved_bytes() const;

private:
  using chunk_list = std::list<chunk>;

  std::shared_ptr<block> find_room(size_t bytes);
  std::shared_ptr<block> allocate_in(chunk& from, size_t bytes);
  [[nodiscard]] size_t next_chunk_bytes(size_t bytes) const;
  void take_empty(uint64_t before_ns, chunk_list& out);
  void free(block& what);

  options options_;
  mutable std::mutex mutex_;
  chunk_list chunks_;
  std::vector<uint64_t> gone_;
  /// Of all chunks, also of those that are being made.
  uint64_t reserved_ = 0;
  uint64_t last_number_ = 0;
  bool closed_ = false;
};

} // namespace bulkhead::transport
