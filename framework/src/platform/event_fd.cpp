#include "bulkhead/platform/event_fd.hpp"

#include <cerrno>
#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace bulkhead::platform {

result<event_fd> event_fd::create() {
  unique_fd fd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  if (!fd)
    return last_error("eventfd");
  return event_fd{std::move(fd)};
}

void event_fd::ring() const noexcept {
  // EAGAIN means that the counter is full: the descriptor is readable, which is what was wanted.
  const uint64_t one = 1;
  while (::write(fd_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void event_fd::drain() const noexcept {
  uint64_t rings = 0;
  while (::read(fd_.get(), &rings, sizeof rings) < 0 && errno == EINTR) {
  }
}

} // namespace bulkhead::platform
