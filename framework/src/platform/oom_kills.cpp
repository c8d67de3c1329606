#include "bulkhead/platform/oom_kills.hpp"

#include <fstream>

namespace bulkhead::platform {

namespace {

std::optional<uint64_t> number_after(const std::string& path, const std::string& key) {
  std::ifstream in{path};
  std::string word;
  for (uint64_t number = 0; in >> word >> number;)
    if (word == key)
      return number;
  return std::nullopt;
}

/// The line "0::/path" of the unified hierarchy.
std::optional<std::string> own_group(const std::string& root) {
  std::ifstream in{root + "proc/self/cgroup"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("0::/"))
      return line.substr(3);
  return std::nullopt;
}

} // namespace

oom_kill_count count_oom_kills(const std::string& root) {
  oom_kill_count result;
  if (auto group = own_group(root))
    result.group = number_after(root + "sys/fs/cgroup" + *group + "/memory.events", "oom_kill");
  result.machine = number_after(root + "proc/vmstat", "oom_kill");
  return result;
}

bool rose(const oom_kill_count& before, const oom_kill_count& after) noexcept {
  if (before.group && after.group)
    return *after.group > *before.group;
  return before.machine && after.machine && *after.machine > *before.machine;
}

} // namespace bulkhead::platform
