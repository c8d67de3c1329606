#pragma once

#include "bulkhead/platform/mapping.hpp"
#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"

#include <cstddef>
#include <span>
#include <utility>

namespace bulkhead::platform {

/// Memory of a fixed size that processes share, without a name that could be left behind, and that one process writes.
///
/// Two things go wrong with shared memory and are excluded here: a peer that shortens the file under its readers (they
/// would die of SIGBUS), by seals against any change of size; and a page that the system cannot provide when it is first
/// touched (SIGBUS again), by reserving all pages at the start.
///
/// Thread safety: const functions from any thread. Lifetime: mappings outlive the file; the memory goes when the last
/// descriptor and the last mapping of any process have gone.
class memory_file {
public:
  /// Makes a file of `bytes` zero bytes, all of them reserved, closed on exec.
  /// @param name shown in /proc/PID/fd and /proc/PID/maps; need not be unique.
  /// @returns ENOMEM when the machine does not have the memory, EINVAL for size 0, EFBIG for a size that no file can
  ///          have, EMFILE or ENFILE when descriptors are used up.
  [[nodiscard]] static result<memory_file> create(const char* name, size_t bytes);

  /// The same with only the first `bytes_reserved` of them reserved: nothing may touch the others before `reserve_rest`.
  [[nodiscard]] static result<memory_file> create_in_part(const char* name, size_t bytes, size_t bytes_reserved);

  /// Makes a file that holds `content`.
  [[nodiscard]] static result<memory_file> create_with(const char* name, std::span<const std::byte> content);

  /// Reserves all bytes. @returns ENOMEM when the machine does not have the memory.
  [[nodiscard]] result<void> reserve_rest();

  /// Takes a file that another process made.
  /// @returns EINVAL if its size is not `bytes_expected`, EPERM if its size could still be changed, EBADF for no file.
  [[nodiscard]] static result<memory_file> adopt(unique_fd fd, size_t bytes_expected);

  /// As `adopt`, for a file that this process only reads: its writer can neither take pages away any more nor let
  /// reading be what first makes them.
  /// @returns EPERM also if pages could still be taken away, ENODATA if some were never reserved.
  [[nodiscard]] static result<memory_file> adopt_readable(unique_fd fd, size_t bytes_expected);

  /// As `adopt`, for a file that no process can write to any more, this one and its maker included: what was checked once
  /// stays as it is.
  /// @returns EPERM also if it could still be written to, ENODATA if some pages were never reserved.
  [[nodiscard]] static result<memory_file> adopt_immutable(unique_fd fd, size_t bytes_expected);

  /// Maps the whole file for reading and writing.
  /// @returns EPERM after `forbid_new_writers`.
  [[nodiscard]] result<mapping> map_writable() const;

  /// Maps the whole file for reading.
  [[nodiscard]] result<mapping> map_readonly() const;

  /// From now on no process can map the file for writing or write to it, for ever; mappings that exist stay
  /// writable. Call it after `map_writable`. Calling it again is harmless.
  [[nodiscard]] result<void> forbid_new_writers();

  /// From now on the contents stay as they are, for ever.
  /// @returns EBUSY while any process maps the file for writing, EPERM after `forbid_new_writers` or `forbid_new_seals`.
  [[nodiscard]] result<void> make_immutable();

  /// From now on whoever has the file may map it for writing, and nobody can take that from the others.
  /// @returns EPERM after `make_immutable`.
  [[nodiscard]] result<void> forbid_new_seals();

  /// Gives the descriptor to the caller.
  [[nodiscard]] unique_fd release() && noexcept {
    return std::move(fd_);
  }

  [[nodiscard]] int fd() const noexcept {
    return fd_.get();
  }

  /// Size in bytes.
  [[nodiscard]] size_t size() const noexcept {
    return size_;
  }

private:
  memory_file(unique_fd fd, size_t bytes) noexcept : fd_(std::move(fd)), size_(bytes) {}

  unique_fd fd_;
  size_t size_;
};

} // namespace bulkhead::platform
