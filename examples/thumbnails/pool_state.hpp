#pragma once

#include "messages.hpp"
#include "pool.hpp"

#include <bulkhead/worker.hpp>

#include <caf/actor.hpp>
#include <caf/error.hpp>
#include <caf/fwd.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace thumbnails {

/// A picture and who waits for its thumbnail.
struct job {
  bulkhead::bytes file;
  uint32_t width;
  caf::typed_response_promise<thumbnail> answer;
};

/// The members of the pool actor.
///
///               start             dispatch
///   starting ---------> free ------------------> busy
///      ^                  | ^       answer         |
///      |   worker lost    | +----------------------+
///      +------------------+------------------------+
class pool_state {
public:
  pool_state(caf::event_based_actor* self, const pool_options& options);

  ~pool_state();

  pool_state(const pool_state&) = delete;
  pool_state& operator=(const pool_state&) = delete;

  /// Takes a picture, to be answered through `what.answer`.
  void accept(job what);

  [[nodiscard]] pool_health health() const;

  /// Replaces the worker whose decoder is `gone`, if nobody has done it yet.
  void on_down(const caf::actor_addr& gone);

private:
  enum class condition : uint8_t { starting, free, busy };

  struct position {
    condition state = condition::starting;
    std::optional<bulkhead::worker> process;
    caf::actor decoder;
  };

  void start(size_t at);
  void started(size_t at, bulkhead::worker process);
  void start_failed(size_t at, const caf::error& reason);
  void replace(size_t at);
  void dispatch();
  void give(size_t at, job what);
  void on_failure(size_t at, job& what, const caf::error& reason);
  void finish(size_t at);
  [[nodiscard]] worker_tag tag(size_t at) const;

  caf::event_based_actor* self_;
  pool_options options_;
  std::vector<position> positions_;
  std::deque<job> waiting_;
  size_t waiting_bytes_ = 0;
  uint64_t served_ = 0;
  uint64_t failed_ = 0;
  uint64_t replaced_ = 0;
};

} // namespace thumbnails
