#include "bulkhead/transport/copy_request.hpp"

#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/transport/handshake.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

namespace bulkhead::transport {

namespace {

/// What goes to the server, beside the descriptors.
struct request_packet {
  uint32_t count = 0;
  std::array<int32_t, worker_fd::end> targets = {};
};

/// What comes back, beside the pidfd.
struct answer_packet {
  /// 0: a copy was made.
  int32_t error = 0;
};

template <class T>
std::span<const std::byte> bytes_of(const T& packet) {
  return std::as_bytes(std::span{&packet, 1});
}

bool is_sound(const request_packet& packet) {
  if (packet.count > worker_fd::end)
    return false;
  auto first = packet.targets.begin();
  auto last = first + packet.count;
  auto in_range = [](int32_t x) { return x >= 0 && x < worker_fd::end; };
  auto stands_twice = [&](int32_t x) { return std::count(first, last, x) > 1; };
  return std::all_of(first, last, in_range) && std::none_of(first, last, stands_twice);
}

} // namespace

int copy_request::find(int target) const noexcept {
  auto i = std::find(targets.begin(), targets.end(), target);
  auto place = static_cast<size_t>(i - targets.begin());
  return place < fds.size() ? fds[place].get() : -1;
}

platform::result<void> send_copy_request(int socket, std::span<const platform::process_spec::passed_fd> passed) {
  request_packet packet;
  if (passed.size() > packet.targets.size())
    return platform::os_error{EINVAL, "sendmsg"};
  std::vector<int> fds;
  for (auto& x : passed) {
    packet.targets[packet.count++] = x.target;
    fds.push_back(x.source);
  }
  return platform::send_with_fds(socket, bytes_of(packet), fds);
}

platform::result<copy_request> receive_copy_request(int socket) {
  for (;;) {
    if (auto there = platform::wait_readable(socket, std::chrono::hours{24}); !there)
      return there.error();
    request_packet packet;
    auto got = platform::receive_with_fds(socket, std::as_writable_bytes(std::span{&packet, 1}));
    if (!got && got.error().number == EAGAIN)
      continue;
    if (!got)
      return got.error();
    if (got->bytes == 0)
      return platform::os_error{ECONNRESET, "recvmsg"};
    if (got->bytes != sizeof(packet) || !is_sound(packet))
      return platform::os_error{EPROTO, "recvmsg"};
    if (got->fds.size() != packet.count)
      return platform::os_error{EMFILE, "recvmsg"};
    return copy_request{std::move(got->fds), {packet.targets.begin(), packet.targets.begin() + packet.count}};
  }
}

platform::result<void> announce_copy(int control) {
  auto self = platform::own_pidfd();
  if (!self)
    return self.error();
  auto number = self->get();
  return platform::send_with_fds(control, bytes_of(answer_packet{}), {&number, 1});
}

platform::result<void> announce_failure(int control, const platform::os_error& why) {
  return platform::send_with_fds(control, bytes_of(answer_packet{why.number}), {});
}

platform::result<platform::process> receive_copy(int control) {
  answer_packet packet;
  auto got = platform::receive_with_fds(control, std::as_writable_bytes(std::span{&packet, 1}));
  if (!got)
    return got.error();
  if (got->bytes == 0)
    return platform::os_error{ECONNRESET, "recvmsg"};
  if (got->bytes == sizeof(packet) && packet.error != 0)
    return platform::os_error{packet.error, clone_call};
  if (got->bytes != sizeof(packet) || got->fds.size() != 1 || !got->sender)
    return platform::os_error{EPROTO, "recvmsg"};
  return platform::process::adopt(std::move(got->fds.front()), *got->sender);
}

} // namespace bulkhead::transport
