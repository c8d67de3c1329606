#pragma once

#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"
#include "bulkhead/transport/attachments.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace bulkhead::transport {

/// Carries descriptors over an edge: those of messages, and the chunks of the peer's arena. A packet is in the socket before
/// the record that needs it is in the mailbox, so who has read the record finds it there without waiting.
///
/// What is under way when either side dies is closed by the kernel (unix(7)).
///
/// Thread safety: the functions that send from any thread, those that receive of one thread at a time. Lifetime: owns its
/// socket.
class descriptor_channel {
public:
  explicit descriptor_channel(platform::unique_fd socket) noexcept;

  // -- sending ----------------------------------------------------------------

  // A peer that has gone is no error: it misses nothing, and its end is told by others.

  /// @returns what `platform::send_with_fds` does.
  [[nodiscard]] platform::result<void> send_chunk(uint64_t number, const platform::memory_file& file) const;

  /// @param packet a number that is not under way.
  /// @param descriptors none: the peer is to take the message for one that came without what it needs.
  /// @returns what `platform::send_with_fds` does.
  [[nodiscard]] platform::result<void> send(uint64_t packet, std::span<const fd> descriptors) const;

  // -- receiving --------------------------------------------------------------

  /// A chunk as the peer announced it; nobody has checked it yet.
  struct chunk {
    uint64_t number;
    uint64_t bytes;
    /// None if this process had no descriptor left for it.
    platform::unique_fd file;
  };

  /// Takes one packet out of the socket.
  /// @returns false if none is there, or if there is a complaint.
  [[nodiscard]] bool receive();

  /// The chunk that the last `receive` brought; nothing if it brought something else. To be called after each.
  [[nodiscard]] std::optional<chunk> take_chunk() noexcept {
    return std::exchange(chunk_, std::nullopt);
  }

  /// Whether the descriptors of a message were received.
  [[nodiscard]] bool has(uint64_t packet) const {
    return packets_.contains(packet);
  }

  /// Takes the descriptors of a message; once.
  /// @returns nothing if there are fewer than `count`, because this process had no descriptor left or because the peer lies.
  [[nodiscard]] std::optional<std::vector<platform::unique_fd>> take(uint64_t packet, uint32_t count);

  /// What is wrong with what the peer sent; empty if nothing. For good.
  [[nodiscard]] const std::string& complaint() const noexcept {
    return complaint_;
  }

private:
  void accept(std::span<const std::byte> packet, std::vector<platform::unique_fd> fds);

  const platform::unique_fd socket_;
  std::optional<chunk> chunk_;
  std::map<uint64_t, std::vector<platform::unique_fd>> packets_;
  size_t waiting_ = 0;
  std::string complaint_;
};

} // namespace bulkhead::transport
