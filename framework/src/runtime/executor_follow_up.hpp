#pragma once

#include "bulkhead/runtime/executor_core.hpp"

#include <boost/container/small_vector.hpp>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace bulkhead::runtime {

struct executor_core::follow_up {
  struct send {
    caf::strong_actor_ptr from;
    caf::strong_actor_ptr to;
    transport::task_batch batch;
  };
  struct settlement {
    std::shared_ptr<outcome_base> whose;
    caf::error reason;
  };

  boost::container::small_vector<send, 2> sends;
  boost::container::small_vector<settlement, 2> settlements;
  boost::container::small_vector<std::shared_ptr<outcome<void>>, 1> told_of_room;
  boost::container::small_vector<worker_pointer, 1> starts;
  boost::container::small_vector<std::shared_ptr<worker_process>, 1> stops;
  boost::container::small_vector<std::shared_ptr<worker_process>, 1> kills;
  boost::container::small_vector<task_pointer, 1> asked_to_stop;
  /// To be destroyed.
  std::vector<task_pointer> dropped;
  std::optional<std::chrono::steady_clock::time_point> timer;

  /// Without the mutex.
  void run(executor_core& core);
};

} // namespace bulkhead::runtime
