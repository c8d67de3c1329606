#include "bulkhead/transport/kernel_refusal.hpp"

#include "bulkhead/transport/errc.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <cerrno>

namespace bulkhead::transport {

caf::error kernel_refusal(const platform::os_error& failed) {
  if (failed.number == ENOSYS || failed.number == EPERM)
    return caf::make_error(errc::startup_failed,
                           failed.message() + ": this system, or a filter of system calls, does not permit it");
  return caf::make_error(errc::resources_exhausted, failed.message());
}

} // namespace bulkhead::transport
