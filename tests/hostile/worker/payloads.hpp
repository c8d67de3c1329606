#pragma once

// Payloads, chunks and packets of descriptors as no honest process sends them.

#include <bulkhead/platform/fd_passing.hpp>
#include <bulkhead/platform/unique_fd.hpp>
#include <bulkhead/shm/black_box.hpp>
#include <bulkhead/transport/attachments.hpp>

#include <caf/byte_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace hostile {

/// What goes before the descriptors of a packet.
struct packet {
  uint32_t kind;
  uint32_t count;
  uint64_t number;
  uint64_t bytes;
};

constexpr uint64_t chunk_bytes = uint64_t{1} << 20;

constexpr int good_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;

inline void send_packet(int channel, const packet& what, const std::vector<int>& fds) {
  (void) bulkhead::platform::send_with_fds(channel, std::as_bytes(std::span{&what, 1}), fds);
}

/// Twenty descriptors in each.
inline void send_packets(int channel, uint64_t count) {
  for (uint64_t i = 1; i <= count; ++i)
    send_packet(channel, {2, 20, i, 0}, std::vector<int>(20, 1));
}

/// Chunk number 1.
inline void announce(int channel, uint64_t said_bytes, int seals, bool reserved) {
  bulkhead::platform::unique_fd file{::memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  (void) !::ftruncate(file.get(), chunk_bytes);
  if (reserved)
    (void) ::fallocate(file.get(), 0, 0, chunk_bytes);
  (void) ::fcntl(file.get(), F_ADD_SEALS, seals);
  send_packet(channel, {1, 1, 1, said_bytes}, {file.get()});
}

/// What is no packet.
inline void send_text(int channel, size_t bytes) {
  (void) !::write(channel, std::string(bytes, 'x').data(), bytes);
}

/// Leaves a black box in which nothing is true, and dies.
[[noreturn]] inline void scribble_and_die(bulkhead::shm::black_box& box, std::byte how) {
  std::memset(static_cast<void*>(&box), static_cast<int>(how), sizeof box);
  if (how == std::byte{1}) { // kinds, counts and modules are valid then
    for (auto& x : box.scene.modules)
      std::memcpy(x.path, "/dev/zero", 10);
    box.scene.module_count = 16;
  }
  ::_exit(9);
}

inline caf::byte_buffer twice(uint64_t ticket) {
  caf::byte_buffer result(2 * sizeof(ticket));
  std::memcpy(result.data(), &ticket, sizeof(ticket));
  std::memcpy(result.data() + sizeof(ticket), &ticket, sizeof(ticket));
  return result;
}

inline caf::byte_buffer with_trailer(std::span<const std::byte> references,
                                     const bulkhead::transport::attachments_trailer& tail) {
  caf::byte_buffer body;
  for (auto part : {references, std::as_bytes(std::span{&tail, 1})}) {
    auto first = reinterpret_cast<const caf::byte*>(part.data());
    body.insert(body.end(), first, first + part.size());
  }
  return body;
}

} // namespace hostile
