#include "bulkhead/platform/mapping.hpp"

#include <boost/interprocess/exceptions.hpp>

#include <cerrno>

namespace bulkhead::platform {

namespace {

/// What Boost.Interprocess asks of a thing that can be mapped.
struct mappable_fd {
  int fd;

  [[nodiscard]] boost::interprocess::mapping_handle_t get_mapping_handle() const noexcept {
    return {fd, false};
  }
};

} // namespace

result<mapping> mapping::create(int fd, size_t bytes, access wanted) {
  namespace ipc = boost::interprocess;
  if (bytes == 0)
    return os_error{EINVAL, "mmap"}; // Boost would take it for "the whole file"
  try {
    auto mode = wanted == access::read ? ipc::read_only : ipc::read_write;
    return mapping{ipc::mapped_region{mappable_fd{fd}, mode, 0, bytes}};
  } catch (const ipc::interprocess_exception& failure) {
    return os_error{failure.get_native_error(), "mmap"};
  }
}

} // namespace bulkhead::platform
