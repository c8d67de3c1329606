#pragma once

#include "bulkhead/platform/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace bulkhead::runtime {

/// Reads one output stream of a worker and passes on its lines. It reads all the time, so the worker never waits for
/// the host's log.
///
/// Thread safety: the keeper's thread only. Lifetime: keeps itself alive while it reads; ends with the stream or `close`.
class worker_output : public std::enable_shared_from_this<worker_output> {
public:
  using line_sink = std::function<void(std::string_view line)>;

  worker_output(boost::asio::io_context& io, platform::unique_fd pipe, line_sink sink);

  /// Why it cannot read: the kernel does not watch the pipe.
  [[nodiscard]] boost::system::error_code failure() const noexcept {
    return unwatched_;
  }

  void start();

  /// Takes what has been written so far and stops. The worker's own children may still hold the other end.
  void close();

private:
  void read_next();
  void take(size_t count);
  void flush();

  /// A longer line is passed on in parts.
  static constexpr size_t line_bytes_max = 4096;

  boost::asio::posix::stream_descriptor pipe_;
  boost::system::error_code unwatched_;
  line_sink sink_;
  std::array<char, 4096> buffer_;
  std::string line_;
};

} // namespace bulkhead::runtime
