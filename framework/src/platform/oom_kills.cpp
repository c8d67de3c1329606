#include "bulkhead/platform/oom_kills.hpp"

#include <array>
#include <charconv>
#include <fstream>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

unique_fd open_readable(const std::string& path) {
  return unique_fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
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

oom_kills::oom_kills(const std::string& root) {
  if (auto group = own_group(root))
    file_ = open_readable(root + "sys/fs/cgroup" + *group + "/memory.events");
  if (!file_)
    file_ = open_readable(root + "proc/vmstat");
  seen_ = count();
}

bool oom_kills::any_more() {
  auto now = count();
  auto before = std::exchange(seen_, now);
  return before && now && *now > *before;
}

// Of a file that stays open, because a host looks just when a worker has to be replaced.
std::optional<uint64_t> oom_kills::count() const {
  constexpr std::string_view key{"\noom_kill "};
  std::array<char, 16384> buffer{'\n'};
  auto size = ::pread(file_.get(), buffer.data() + 1, buffer.size() - 1, 0);
  if (size < 0)
    return std::nullopt;
  std::string_view text{buffer.data(), static_cast<size_t>(size) + 1};
  auto found = text.find(key);
  if (found == text.npos)
    return std::nullopt;
  text.remove_prefix(found + key.size());
  uint64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{})
    return std::nullopt;
  return number;
}

} // namespace bulkhead::platform
