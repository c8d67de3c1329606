#include "bulkhead/platform/process_limits.hpp"

#include "bulkhead/platform/saturating.hpp"
#include "proc_file.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/resource.h>

namespace bulkhead::platform {

uint64_t data_bytes_now() {
  return proc_file{"/proc/self/status"}.bytes("VmData:").value_or(0);
}

result<void> limit_data_bytes(uint64_t max) {
  auto now = data_bytes_now();
  if (now == 0)
    return os_error{ENOSYS, "/proc/self/status"};
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0)
    return last_error("getrlimit");
  auto wanted = saturating_sum<rlim_t>(now, max);            // the largest value is RLIM_INFINITY
  limit.rlim_max = std::min<rlim_t>(limit.rlim_max, wanted); // raising it would need a privilege
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, limit.rlim_max);
  if (::setrlimit(RLIMIT_DATA, &limit) != 0)
    return last_error("setrlimit");
  return {};
}

} // namespace bulkhead::platform
