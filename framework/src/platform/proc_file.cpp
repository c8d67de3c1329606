#include "proc_file.hpp"

#include <fstream>
#include <string>

namespace bulkhead::platform {

std::optional<uint64_t> proc_bytes(const char* path, std::string_view key) {
  std::ifstream file{path};
  for (std::string word; file >> word;) {
    uint64_t kilobytes = 0;
    if (word == key && file >> kilobytes)
      return kilobytes * 1024;
  }
  return std::nullopt;
}

} // namespace bulkhead::platform
