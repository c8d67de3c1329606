#pragma once

#include <bulkhead/bytes.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <filesystem>
#include <system_error>

namespace thumbnails {

/// Reads a regular file as a whole. A file that is larger than `bytes_max` is read no further than that.
/// @returns why it cannot be read: the system's reason, `std::errc::file_too_large`, or `std::errc::not_supported` for what is
/// no regular file. A named pipe is not waited for.
[[nodiscard]] boost::system::result<bulkhead::bytes, std::error_code> read_file(const std::filesystem::path& path,
                                                                                uint64_t bytes_max);

} // namespace thumbnails
