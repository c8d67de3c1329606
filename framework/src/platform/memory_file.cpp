#include "bulkhead/platform/memory_file.hpp"

#include "proc_file.hpp"
#include "write_signals.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace bulkhead::platform {

namespace {

constexpr int size_seals = F_SEAL_SHRINK | F_SEAL_GROW;

constexpr int writer_seals = F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;

/// "Never executable", MFD_NOEXEC_SEAL of Linux 6.3: systems can be set to refuse memfds without it.
constexpr unsigned noexec_seal = 0x0008;

unique_fd open_memfd(const char* name) noexcept {
  if (unique_fd fd{::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | noexec_seal)}; fd || errno != EINVAL)
    return fd;
  return unique_fd{::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)};
}

/// Reserving more than there is would not fail but end processes, perhaps this one.
bool plainly_too_large(size_t bytes) {
  constexpr size_t always_there = 64 * 1024;
  if (bytes <= always_there)
    return false;
  proc_file memory{"/proc/meminfo"};
  auto available = memory.bytes("MemAvailable:");
  return available && bytes > *available + memory.bytes("SwapFree:").value_or(0);
}

result<void> reserve(int fd, size_t bytes) {
  if (plainly_too_large(bytes))
    return os_error{ENOMEM, "fallocate"};
  write_signals_held guard;
  while (::fallocate(fd, 0, 0, static_cast<off_t>(bytes)) != 0)
    if (errno != EINTR)
      return os_error{errno == ENOSPC ? ENOMEM : errno, "fallocate"};
  return {};
}

result<void> grow(int fd, size_t bytes) {
  write_signals_held guard;
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0)
    return last_error("ftruncate");
  return {};
}

result<void> add_seals(int fd, int seals) {
  if (::fcntl(fd, F_ADD_SEALS, seals) != 0)
    return last_error("fcntl F_ADD_SEALS");
  return {};
}

// A hole would be filled with this process's memory when it is read, and punching one is a kind of writing (fallocate(2),
// fcntl(2) on F_SEAL_FUTURE_WRITE).
result<memory_file> adopt_sealed(result<memory_file> file, int any_of) {
  if (!file)
    return file;
  auto seals = ::fcntl(file->fd(), F_GET_SEALS);
  if (seals < 0 || (seals & any_of) == 0)
    return os_error{EPERM, "seals of a memory file"};
  struct stat status {};
  if (::fstat(file->fd(), &status) != 0)
    return last_error("fstat");
  constexpr uint64_t block_bytes = 512; // of st_blocks, always (inode(7))
  if (static_cast<uint64_t>(status.st_blocks) * block_bytes < file->size())
    return os_error{ENODATA, "pages of a memory file"};
  return file;
}

} // namespace

result<memory_file> memory_file::create(const char* name, size_t bytes) {
  return create_in_part(name, bytes, bytes);
}

result<memory_file> memory_file::create_in_part(const char* name, size_t bytes, size_t bytes_reserved) {
  if (bytes == 0)
    return os_error{EINVAL, "ftruncate"};
  if (bytes > static_cast<size_t>(std::numeric_limits<off_t>::max()))
    return os_error{EFBIG, "ftruncate"};
  auto fd = open_memfd(name);
  if (!fd)
    return last_error("memfd_create");
  if (auto grown = grow(fd.get(), bytes); !grown)
    return grown.error();
  if (auto reserved = reserve(fd.get(), bytes_reserved); !reserved)
    return reserved.error();
  if (::fcntl(fd.get(), F_ADD_SEALS, size_seals) != 0)
    return last_error("fcntl F_ADD_SEALS");
  return memory_file{std::move(fd), bytes};
}

result<memory_file> memory_file::create_with(const char* name, std::span<const std::byte> content) {
  auto file = create(name, content.size());
  if (!file)
    return file.error();
  auto memory = file->map_writable();
  if (!memory)
    return memory.error();
  std::copy(content.begin(), content.end(), memory->data());
  return file;
}

result<void> memory_file::reserve_rest() {
  return reserve(fd_.get(), size_);
}

result<memory_file> memory_file::adopt(unique_fd fd, size_t bytes_expected) {
  auto seals = ::fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0)
    return last_error("fcntl F_GET_SEALS");
  if ((seals & size_seals) != size_seals)
    return os_error{EPERM, "seals of a memory file"};
  // Only now: before the seals were seen the size could change after the look at it.
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0)
    return last_error("fstat");
  if (bytes_expected == 0 || static_cast<uint64_t>(status.st_size) != bytes_expected)
    return os_error{EINVAL, "size of a memory file"};
  return memory_file{std::move(fd), bytes_expected};
}

result<memory_file> memory_file::adopt_readable(unique_fd fd, size_t bytes_expected) {
  return adopt_sealed(adopt(std::move(fd), bytes_expected), F_SEAL_FUTURE_WRITE | F_SEAL_WRITE);
}

result<memory_file> memory_file::adopt_immutable(unique_fd fd, size_t bytes_expected) {
  return adopt_sealed(adopt(std::move(fd), bytes_expected), F_SEAL_WRITE);
}

result<mapping> memory_file::map_writable() const {
  return mapping::create(fd_.get(), size_, mapping::access::read_write);
}

result<mapping> memory_file::map_readonly() const {
  return mapping::create(fd_.get(), size_, mapping::access::read);
}

result<void> memory_file::forbid_new_writers() {
  auto seals = ::fcntl(fd_.get(), F_GET_SEALS);
  if (seals >= 0 && (seals & writer_seals) == writer_seals)
    return {};
  return add_seals(fd_.get(), writer_seals);
}

result<void> memory_file::make_immutable() {
  return add_seals(fd_.get(), F_SEAL_WRITE | F_SEAL_SEAL);
}

result<void> memory_file::forbid_new_seals() {
  auto seals = ::fcntl(fd_.get(), F_GET_SEALS);
  if (seals >= 0 && (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0)
    return os_error{EPERM, "seals of a memory file"};
  return add_seals(fd_.get(), F_SEAL_SEAL);
}

} // namespace bulkhead::platform
