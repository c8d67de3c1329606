#pragma once

#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/unique_fd.hpp"
#include "bulkhead/transport/attachments.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
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

  /// @returns false if the socket takes no more at the moment.
  [[nodiscard]] bool send_chunk(uint64_t number, const platform::memory_file& file) const;

  /// @param packet a number that is not under way.
  /// @returns false if the socket takes no more at the moment, or one of them is not open any more.
  [[nodiscard]] bool send(uint64_t packet, std::span<const fd> descriptors) const;

  // -- receiving --------------------------------------------------------------

  /// A chunk as the peer announced it; its file was checked by nobody yet.
  struct chunk {
    uint64_t bytes;
    platform::unique_fd file;
  };

  /// Takes a chunk, or the descriptors of a message, out of what has arrived. Each can be taken once.
  /// @returns nothing if the peer did not send it, or, with `out_of_descriptors`, if this process could not take it.
  [[nodiscard]] std::optional<chunk> take_chunk(uint64_t number);
  [[nodiscard]] std::optional<std::vector<platform::unique_fd>> take(uint64_t packet, uint32_t count);

  /// Whether the last `take` failed because this process has no descriptor left.
  [[nodiscard]] bool out_of_descriptors() const noexcept {
    return out_of_descriptors_;
  }

  /// What is wrong with what the peer sent; empty if nothing. For good.
  [[nodiscard]] const std::string& complaint() const noexcept {
    return complaint_;
  }

private:
  void receive_all();
  void accept(std::span<const std::byte> packet, std::vector<platform::unique_fd> fds);

  const platform::unique_fd socket_;
  std::map<uint64_t, chunk> chunks_;
  std::map<uint64_t, std::vector<platform::unique_fd>> packets_;
  size_t waiting_ = 0;
  bool out_of_descriptors_ = false;
  std::string complaint_;
};

} // namespace bulkhead::transport
