#pragma once

#include <bulkhead/platform/process.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thumbnails::tests {

/// As long as any wait may take, before it is reported as a failure.
constexpr std::chrono::seconds patience{60};

/// The example's program as a child of the test, which kills it when the test ends early.
class program {
public:
  explicit program(std::vector<std::string> arguments);

  /// The next line of its standard output without the end of line; empty at the end or when patience is over.
  std::string read_line();

  /// All that follows.
  std::string read_rest();

  void send_signal(int number);

  /// Its exit code; -1 if it was killed or does not end.
  int wait();

  /// Pids of its worker processes.
  [[nodiscard]] std::vector<int> workers() const;

private:
  boost::asio::io_context io_;
  boost::asio::posix::stream_descriptor output_{io_};
  std::string buffer_;
  std::optional<bulkhead::platform::process> process_;
};

/// A program that listens on a free port.
struct service {
  explicit service(std::vector<std::string> options = {});

  program run;
  uint16_t port;
};

/// Whether there is such a process and it is no zombie.
[[nodiscard]] bool is_running(int pid);

/// Returns whether `condition` became true within `patience`.
template <class F>
bool eventually(F condition) {
  boost::asio::io_context io;
  for (auto end = std::chrono::steady_clock::now() + patience; std::chrono::steady_clock::now() < end;) {
    if (condition())
      return true;
    boost::asio::steady_timer pause{io, std::chrono::milliseconds{2}};
    pause.wait();
  }
  return false;
}

/// A new folder, removed with all its files at the end.
class scratch_folder {
public:
  scratch_folder();
  ~scratch_folder();

  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept {
    return path_;
  }

  void write(std::string_view name, std::string_view content) const;

private:
  std::filesystem::path path_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& path);

} // namespace thumbnails::tests
