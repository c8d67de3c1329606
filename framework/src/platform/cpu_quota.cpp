#include "bulkhead/platform/cpu_quota.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string_view>

namespace bulkhead::platform {

namespace {

/// Microseconds of CPU time in each period; a number that is not there, or "max", reads as no limit.
std::optional<unsigned> processors(uint64_t quota, uint64_t period) noexcept {
  if (quota == 0 || period == 0)
    return std::nullopt;
  auto rounded_up = quota / period + (quota % period != 0 ? 1 : 0);
  return static_cast<unsigned>(std::min<uint64_t>(rounded_up, std::numeric_limits<unsigned>::max()));
}

/// "200000 100000", or "max 100000".
std::optional<unsigned> quota_of_group(const std::string& folder) {
  uint64_t quota = 0;
  uint64_t period = 0;
  if (std::ifstream{folder + "/cpu.max"} >> quota >> period)
    return processors(quota, period);
  return std::nullopt;
}

/// -1 if there is none.
std::optional<unsigned> quota_of_old_group(const std::string& folder) {
  int64_t quota = 0;
  uint64_t period = 0;
  if (std::ifstream{folder + "/cpu.cfs_quota_us"} >> quota && quota > 0
      && std::ifstream{folder + "/cpu.cfs_period_us"} >> period)
    return processors(static_cast<uint64_t>(quota), period);
  return std::nullopt;
}

/// A group obeys all those that it stands in.
template <class F>
void look_upwards(std::string_view group, std::optional<unsigned>& least, F quota_of) {
  for (;;) {
    while (group.ends_with('/'))
      group.remove_suffix(1);
    if (auto found = quota_of(std::string{group}))
      least = std::min(least.value_or(*found), *found);
    if (group.empty())
      return;
    group = group.substr(0, group.rfind('/') + 1);
  }
}

/// Whether "cpu" is one of the names in "cpu,cpuacct".
bool has_cpu(std::string_view controllers) {
  for (;;) {
    auto end = controllers.find(',');
    if (controllers.substr(0, end) == "cpu")
      return true;
    if (end == controllers.npos)
      return false;
    controllers.remove_prefix(end + 1);
  }
}

} // namespace

// Lines as "0::/path" of version 2, and "4:cpu,cpuacct:/path" of version 1.
std::optional<unsigned> cpu_quota(const std::string& root) {
  const auto mounted = root + "sys/fs/cgroup";
  std::optional<unsigned> least;
  std::ifstream in{root + "proc/self/cgroup"};
  for (std::string line; std::getline(in, line);) {
    auto first = line.find(':');
    auto second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos)
      continue;
    auto controllers = std::string_view{line}.substr(first + 1, second - first - 1);
    auto group = std::string_view{line}.substr(second + 1);
    if (controllers.empty())
      look_upwards(group, least, [&](const std::string& x) { return quota_of_group(mounted + x); });
    else if (has_cpu(controllers))
      look_upwards(group, least, [&](const std::string& x) { return quota_of_old_group(mounted + "/cpu" + x); });
  }
  return least;
}

} // namespace bulkhead::platform
