#include "read_file.hpp"

#include <bulkhead/platform/unique_fd.hpp>

#include <caf/byte_buffer.hpp>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace thumbnails {

namespace {

/// For a file whose size the system does not tell, or that has grown meanwhile.
constexpr size_t piece_bytes = size_t{64} << 10;

std::error_code read_error() {
  return {errno, std::system_category()};
}

} // namespace

boost::system::result<bulkhead::bytes, std::error_code> read_file(const std::filesystem::path& path,
                                                                  uint64_t bytes_max) {
  bulkhead::platform::unique_fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  struct stat known = {};
  if (!file || ::fstat(file.get(), &known) != 0)
    return read_error();
  if (S_ISDIR(known.st_mode))
    return make_error_code(std::errc::is_a_directory);
  if (!S_ISREG(known.st_mode))
    return make_error_code(std::errc::not_supported);
  auto size = static_cast<uint64_t>(known.st_size);
  if (size > bytes_max)
    return make_error_code(std::errc::file_too_large);
  caf::byte_buffer content(size + 1); // the one more shows that the file ends where it should
  for (size_t used = 0;;) {
    if (used == content.size())
      content.resize(std::min<uint64_t>(used + piece_bytes, bytes_max + 1));
    auto got = ::read(file.get(), content.data() + used, content.size() - used);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return read_error();
    used += static_cast<size_t>(got);
    if (used > bytes_max)
      return make_error_code(std::errc::file_too_large);
    if (got == 0) {
      content.resize(used);
      return bulkhead::bytes{std::move(content)};
    }
  }
}

} // namespace thumbnails
