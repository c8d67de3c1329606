#include "bulkhead/platform/unique_fd.hpp"

#include <utility>

#include <unistd.h>

namespace bulkhead::platform {

unique_fd& unique_fd::operator=(unique_fd&& other) noexcept {
  if (this != &other)
    reset(other.release());
  return *this;
}

unique_fd::~unique_fd() {
  reset();
}

int unique_fd::release() noexcept {
  return std::exchange(fd_, -1);
}

void unique_fd::reset(int fd) noexcept {
  // Linux frees the number even if close fails: trying again could hit somebody else's descriptor.
  if (auto old = std::exchange(fd_, fd); old >= 0)
    ::close(old);
}

} // namespace bulkhead::platform
