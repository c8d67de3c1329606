#pragma once

#include "bulkhead/runtime/worker_options.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/worker_death.hpp"

#include <caf/error.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace bulkhead::runtime {

class host_system;

/// Processes that are started and ready before an actor needs them. One is started at a time, and none right after one was taken:
/// both would wait for the same cores.
///
/// Thread safety: of the keeper's thread. Lifetime: shared by those who may take one; the last one that goes ends the processes.
class spare_pool final : public std::enable_shared_from_this<spare_pool> {
public:
  /// @param options what they are started with; `spares` of them.
  /// @param slot what the position of spares is called.
  spare_pool(host_system& host, worker_options options, uint32_t slot);
  ~spare_pool();
  spare_pool(const spare_pool&) = delete;
  spare_pool& operator=(const spare_pool&) = delete;

  [[nodiscard]] const worker_options& options() const noexcept {
    return options_;
  }

  /// A process that is ready and has no actors; null if there is none. `fill` must follow once it has its actor.
  [[nodiscard]] std::shared_ptr<worker_process> take(const worker_place& place, std::shared_ptr<supervised_slot> slot);

  /// Starts what is missing, soon.
  void fill();

  /// One of them has ended. `death` is empty if it was told to.
  void lost(const worker_process& who, const std::optional<worker_death>& death);

private:
  void started(const std::shared_ptr<worker_process>& who, const caf::error& failed);
  void after_death(const worker_death& death);
  void start_missing();
  void pause(supervision::duration wait);

  host_system& host_;
  const worker_options options_;
  const uint32_t slot_;
  std::deque<std::shared_ptr<worker_process>> ready_;
  std::shared_ptr<worker_process> starting_;
  std::vector<supervision::time_point> deaths_;
  /// Runs while no more may be started.
  boost::asio::steady_timer pause_;
  bool paused_ = false;
  std::minstd_rand chance_;
};

} // namespace bulkhead::runtime
