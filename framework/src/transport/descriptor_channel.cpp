#include "bulkhead/transport/descriptor_channel.hpp"

#include "bulkhead/platform/fd_passing.hpp"
#include "bulkhead/transport/fd.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace bulkhead::transport {

namespace {

enum class packet_kind : uint32_t {
  chunk = 1,
  descriptors = 2,
};

/// Goes before the descriptors of a packet.
struct packet_head {
  packet_kind kind;
  uint32_t count;
  uint64_t number;
  /// Size of a chunk.
  uint64_t bytes;
};

static_assert(sizeof(packet_head) == 24);
static_assert(descriptors_max <= platform::fds_per_packet_max);

platform::result<void> send_packet(int socket, const packet_head& head, std::span<const int> fds) {
  auto result = platform::send_with_fds(socket, std::as_bytes(std::span{&head, 1}), fds);
  if (!result && (result.error().number == EPIPE || result.error().number == ECONNRESET))
    return {};
  return result;
}

} // namespace

descriptor_channel::descriptor_channel(platform::unique_fd socket) noexcept : socket_(std::move(socket)) {
  // nop
}

platform::result<void> descriptor_channel::send_chunk(uint64_t number, const platform::memory_file& file) const {
  auto fd = file.fd();
  return send_packet(socket_.get(), {packet_kind::chunk, 1, number, file.size()}, {&fd, 1});
}

platform::result<void> descriptor_channel::send(uint64_t packet, std::span<const fd> descriptors) const {
  std::array<int, descriptors_max> numbers;
  for (size_t i = 0; i < descriptors.size(); ++i)
    numbers[i] = descriptors[i].number();
  auto count = static_cast<uint32_t>(descriptors.size());
  return send_packet(socket_.get(), {packet_kind::descriptors, count, packet, 0}, {numbers.data(), descriptors.size()});
}

std::optional<std::vector<platform::unique_fd>> descriptor_channel::take(uint64_t packet, uint32_t count) {
  auto i = packets_.find(packet);
  if (i == packets_.end())
    return std::nullopt;
  auto result = std::move(i->second);
  packets_.erase(i);
  waiting_ -= result.size();
  if (result.size() < count)
    return std::nullopt;
  return result;
}

bool descriptor_channel::receive() {
  if (!complaint_.empty())
    return false;
  packet_head room;
  auto got = platform::receive_with_fds(socket_.get(), std::as_writable_bytes(std::span{&room, 1}));
  if (!got) {
    if (got.error().number == EMSGSIZE)
      complaint_ = "a packet of descriptors is too long";
    return false;
  }
  if (got->bytes == 0)
    return false;
  accept(std::as_bytes(std::span{&room, 1}).first(got->bytes), std::move(got->fds));
  return complaint_.empty();
}

// The kernel cuts off what this process has no room for; that is nobody's fault and must not condemn the peer.
void descriptor_channel::accept(std::span<const std::byte> packet, std::vector<platform::unique_fd> fds) {
  packet_head head;
  if (packet.size() != sizeof(head)) {
    complaint_ = "a packet of descriptors is too short";
    return;
  }
  std::memcpy(&head, packet.data(), sizeof(head));
  if (fds.size() > head.count) {
    complaint_ = "a packet holds more descriptors than it says";
  } else if (head.kind == packet_kind::chunk && head.count == 1) {
    chunk_.emplace(chunk{head.number, head.bytes, fds.empty() ? platform::unique_fd{} : std::move(fds.front())});
  } else if (head.kind == packet_kind::descriptors && head.count <= descriptors_max) {
    waiting_ += fds.size();
    if (waiting_ > descriptors_max || packets_.size() >= descriptors_max || packets_.contains(head.number))
      complaint_ = "too many descriptors are under way";
    else
      packets_.emplace(head.number, std::move(fds));
  } else {
    complaint_ = "a packet of descriptors is of no known kind";
  }
}

} // namespace bulkhead::transport
