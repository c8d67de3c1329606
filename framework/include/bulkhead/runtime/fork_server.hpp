#pragma once

#include "bulkhead/platform/process.hpp"
#include "bulkhead/platform/unique_fd.hpp"
#include "bulkhead/runtime/line_limit.hpp"
#include "bulkhead/runtime/running_time.hpp"
#include "bulkhead/runtime/worker_options.hpp"

#include <caf/expected.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace bulkhead::platform {
class executable_file;
} // namespace bulkhead::platform

namespace bulkhead::runtime {

class host_system;
class worker_output;

/// The host's view of a process that has loaded a program, has run `worker_options::preload`, and makes copies of itself from then on,
/// each of which becomes a worker. It is a way to get a worker sooner and with less memory, and nothing depends on it: whoever
/// cannot have a copy starts the program.
///
/// Thread safety: of the keeper's thread. Lifetime: held by the workers that come from it, and for `kept_for` after the last of these; it
/// ends its process. The copies are children of the host, and outlive it.
class fork_server final : public std::enable_shared_from_this<fork_server> {
public:
  /// How long it waits, unused, for whoever may need it again.
  static constexpr std::chrono::seconds kept_for{10};

  /// Whether copies can be had; an error if `preload` has failed, which it would do anywhere.
  using ready_callback = std::function<void(caf::expected<bool>)>;

  /// @param slot what events call it.
  fork_server(host_system& host, worker_options options, std::shared_ptr<const platform::executable_file> file,
              uint32_t slot);
  ~fork_server();
  fork_server(const fork_server&) = delete;
  fork_server& operator=(const fork_server&) = delete;

  /// Whether a worker with these would start the same program in the same way.
  [[nodiscard]] bool suits(const worker_options& options, const platform::executable_file* file) const noexcept;

  /// Of its process; 0 if there is none.
  [[nodiscard]] int pid() const noexcept {
    return process_ ? process_->pid() : 0;
  }

  /// Calls `then` once, as soon as it is known whether copies can be had; starts the process if there is none.
  void prepare(ready_callback then);

  /// Asks for a copy with these descriptors, `worker_fd::control` among them, on which it will announce itself.
  /// @returns what keeps the host from asking.
  [[nodiscard]] platform::result<void> ask_for_copy(std::span<const platform::process_spec::passed_fd> passed);

  /// A copy has announced itself.
  void has_copied() noexcept {
    failures_ = 0;
  }

  /// A copy that was asked for, and will announce itself on `control`, is not wanted any more.
  void end_copy(platform::unique_fd control);

  /// Ends the process: a copy was asked for and did not come in that time.
  void distrust(std::chrono::milliseconds waited);

  /// A worker that came from it has ended.
  void linger();

  /// Ends it for good.
  void close();

private:
  enum class state : uint8_t { none, starting, serving, closed };

  caf::error launch();
  void watch();
  void watch_end();
  void watch_control();
  void on_verdict();
  void on_end();
  void tell(const caf::expected<bool>& usable);
  void fail(const std::string& why);
  void clean_up() noexcept;
  void on_unwanted(const std::shared_ptr<boost::asio::posix::stream_descriptor>& control);

  host_system& host_;
  const worker_options options_;
  const std::shared_ptr<const platform::executable_file> file_;
  const uint32_t slot_;
  state state_ = state::none;
  std::optional<platform::process> process_;
  /// Of the present one, or the last.
  int pid_ = 0;
  boost::asio::posix::stream_descriptor pidfd_;
  boost::asio::posix::stream_descriptor control_;
  /// Of a start, later of what is not used.
  limit_timer timer_;
  std::vector<std::shared_ptr<worker_output>> outputs_;
  line_limit line_limit_;
  std::vector<ready_callback> waiting_;
  /// Where copies will announce themselves that are to be ended.
  std::set<std::shared_ptr<boost::asio::posix::stream_descriptor>> unwanted_;
  /// Why it is being killed.
  std::string verdict_;
  /// Since the last copy.
  uint32_t failures_ = 0;
  std::chrono::steady_clock::time_point not_before_;
};

} // namespace bulkhead::runtime
