#include "proc_file.hpp"

#include "bulkhead/platform/unique_fd.hpp"

#include <algorithm>
#include <charconv>

#include <fcntl.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

/// More than the kernel writes into those that are read here.
constexpr size_t bytes_max = 16 * 1024;

constexpr uint64_t kilobyte = 1024;

} // namespace

// In one call, since mailboxes are made when somebody waits for a process.
proc_file::proc_file(const char* path) {
  unique_fd file{::open(path, O_RDONLY | O_CLOEXEC)};
  text_.resize(bytes_max);
  text_.front() = '\n';
  auto size = file ? ::read(file.get(), text_.data() + 1, text_.size() - 1) : 0;
  text_.resize(size > 0 ? static_cast<size_t>(size) + 1 : 0);
}

std::optional<uint64_t> proc_file::bytes(std::string_view key) const {
  std::string_view rest{text_};
  for (auto i = rest.find('\n'); i != rest.npos; i = rest.find('\n')) {
    rest.remove_prefix(i + 1);
    if (!rest.starts_with(key))
      continue;
    rest.remove_prefix(key.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    uint64_t number = 0;
    if (std::from_chars(rest.data(), rest.data() + rest.size(), number).ec == std::errc{})
      return number * kilobyte;
    return std::nullopt;
  }
  return std::nullopt;
}

} // namespace bulkhead::platform
