#include "bulkhead/platform/null_device.hpp"

#include <fcntl.h>

namespace bulkhead::platform {

result<unique_fd> open_null() {
  auto fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return last_error("open /dev/null");
  return unique_fd{fd};
}

} // namespace bulkhead::platform
