#pragma once

#include "bulkhead/runtime/executor_core.hpp"
#include "bulkhead/transport/supervision_event.hpp"

#include <boost/container/small_vector.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

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
    uint64_t calls_begun;
  };
  struct limit_hit {
    std::shared_ptr<worker_process> who;
    death_cause cause;
    const char* limit;
    uint64_t value;
    std::string why;
  };

  boost::container::small_vector<send, 2> sends;
  boost::container::small_vector<settlement, 2> settlements;
  boost::container::small_vector<std::shared_ptr<outcome<void>>, 1> told_of_room;
  boost::container::small_vector<worker_pointer, 1> starts;
  boost::container::small_vector<std::shared_ptr<worker_process>, 1> stops;
  boost::container::small_vector<std::shared_ptr<worker_process>, 1> kills;
  boost::container::small_vector<task_pointer, 1> asked_to_stop;
  boost::container::small_vector<limit_hit, 1> limits_hit;
  /// To be destroyed.
  boost::container::small_vector<caf::message, 2> arguments;
  std::optional<time_point> timer;
  std::optional<time_point> watch;
  std::optional<time_point> next_start;
  bool look_for_room = false;
  std::optional<supervision_event> event;

  /// Without the mutex.
  void run(executor_core& core);
};

} // namespace bulkhead::runtime
