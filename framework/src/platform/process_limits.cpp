#include "bulkhead/platform/process_limits.hpp"

#include "bulkhead/platform/saturating.hpp"
#include "proc_file.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/resource.h>

namespace bulkhead::platform {

namespace {

result<void> lower(__rlimit_resource which, rlim_t to) {
  rlimit limit{};
  if (::getrlimit(which, &limit) != 0)
    return last_error("getrlimit");
  limit.rlim_max = std::min(limit.rlim_max, to);
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(which, &limit) != 0)
    return last_error("setrlimit");
  return {};
}

} // namespace

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

result<void> limit_helper(const helper_limits& what) {
  auto mapped = proc_file{"/proc/self/status"}.bytes("VmSize:").value_or(0);
  if (mapped == 0)
    return os_error{ENOSYS, "/proc/self/status"};
  auto done = limit_data_bytes(what.data_bytes);
  if (done)
    done = lower(RLIMIT_AS, saturating_sum<rlim_t>(mapped, what.address_bytes));
  if (done)
    done = lower(RLIMIT_CPU, static_cast<rlim_t>(what.processor_time.count()));
  if (done)
    done = lower(RLIMIT_NOFILE, what.descriptors);
  if (done)
    done = lower(RLIMIT_FSIZE, 0);
  if (done)
    done = lower(RLIMIT_CORE, 0);
  return done;
}

} // namespace bulkhead::platform
