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
public:
  struct options {
    /// Most memory that all chunks together may take, in bytes.
    uint64_t bytes_max;

    /// Makes a chunk known to the peer. If that fails nothing is lent from it, and it is given up.
    std::function<bool(uint64_t chunk, const platform::memory_file&)> announce;

    /// Called when a chunk has become empty: `trim` has something to do after a while. On any thread, under the arena's
    /// mutex, and not after `close`.
    std::function<void()> on_idle;
  };

  /// A piece of the arena. Its memory goes back with the last reference.
  class block final : public payload_owner {
  public:
    block(std::shared_ptr<arena> home, uint64_t chunk, std::byte* first, uint64_t offset, size_t size) noexcept;
    ~block() override;

    [[nodiscard]] const arena* home() const noexcept {
      return home_.get();
    }
    [[nodiscard]] uint64_t chunk() const noexcept {
      return chunk_;
    }
    [[nodiscard]] std::byte* first() const noexcept {
      return first_;
    }
    /// From the start of the chunk, in bytes.
    [[nodiscard]] uint64_t offset() const noexcept {
      return offset_;
    }
    [[nodiscard]] size_t size() const noexcept {
      return size_;
    }

  private:
    std::shared_ptr<arena> home_;
    uint64_t chunk_;
    std::byte* first_;
    uint64_t offset_;
    size_t size_;
  };

  explicit arena(options how);
  ~arena();
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;

  /// @returns null if `bytes_max` would be passed, if the machine does not have the memory, or after `close`.
  [[nodiscard]] std::shared_ptr<block> allocate(size_t bytes);

  /// Gives chunks back to the system that have been empty since `before_ns` (as platform::now_ns) or longer.
  /// @returns the numbers of all chunks that are gone since the last call: the peer may forget them too.
  [[nodiscard]] std::vector<uint64_t> trim(uint64_t before_ns);

  /// Whether there are empty chunks.
  [[nodiscard]] bool has_idle() const;

  /// No more blocks are made; the memory goes with the last one.
  void close();

  /// Memory of all chunks, in bytes.
  [[nodiscard]] uint64_t reserved_bytes() const;

private:
  struct chunk;

  std::shared_ptr<block> allocate_in(chunk& from, size_t bytes);
  chunk* grow(size_t bytes);
  void drop_empty(uint64_t before_ns);
  void free(uint64_t chunk_number, std::byte* first);

  options options_;
  mutable std::mutex mutex_;
  std::list<chunk> chunks_;
  std::vector<uint64_t> gone_;
  uint64_t reserved_ = 0;
  uint64_t last_number_ = 0;
  bool closed_ = false;
};

} // namespace bulkhead::transport
