#pragma once

#include "pool.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

namespace thumbnails {

/// Widths that can be asked for, in pixels: from 1 to this.
constexpr uint32_t width_max = 4'096;

/// What the command line says: a batch or a service.
struct options {
  pool_options pool;
  uint32_t width = 160;

  /// A longer file or request body is refused before it is read.
  uint64_t file_bytes_max = uint64_t{32} << 20;

  /// Of the batch.
  std::string input;
  std::string output;

  /// Of the service; empty: batch.
  std::string listen_host;
  uint16_t listen_port = 0;

  /// For a client to send a header, to send a body, and to take an answer: each.
  std::chrono::milliseconds client_patience{20'000};

  bool help = false;
};

/// A sentence that says what is wrong with the command line.
struct usage_error {
  std::string text;
};

[[noreturn]] void throw_exception_from_error(const usage_error& error, const boost::source_location& location);

/// @param arguments without the program's name.
[[nodiscard]] boost::system::result<options, usage_error> parse_options(std::span<char* const> arguments);

[[nodiscard]] const char* usage_text() noexcept;

} // namespace thumbnails
