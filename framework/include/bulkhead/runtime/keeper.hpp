#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <thread>

namespace bulkhead::runtime {

/// The one thread that lives as long as the actor system and never runs an actor. In the host it starts, watches and
/// reaps worker processes (a worker dies with the thread that started it); in both roles it keeps the clock.
///
/// Who waits here until a descriptor can be read has to look whether it can, and else to wait again: Asio's epoll_reactor reuses
/// what it keeps of a descriptor that has been closed, and an event of that one which is still on its way then completes the wait
/// of the next one.
///
/// Thread safety: `post` from any thread. Lifetime: `stop` must be called before destruction.
class keeper {
public:
  keeper();
  ~keeper();

  void start(const char* thread_name);

  /// Drops what is pending and joins the thread. Not from the keeper's own thread.
  void stop();

  /// Whether the calling thread is that of a keeper, which must not wait.
  [[nodiscard]] static bool runs_here() noexcept;

  /// Runs `work` on the keeper's thread, soon.
  void post(std::function<void()> work);

  [[nodiscard]] boost::asio::io_context& context() noexcept {
    return context_;
  }

private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

} // namespace bulkhead::runtime
