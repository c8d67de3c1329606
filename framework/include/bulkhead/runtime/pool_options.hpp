#pragma once

#include "bulkhead/runtime/worker_options.hpp"
#include "bulkhead/supervision/pool_policy.hpp"

#include <caf/error.hpp>
#include <caf/message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bulkhead {

/// What a pool of equal actors may use, and how it shares messages out. Every field has a default that suits most.
struct pool_options {
  /// In events; empty: the name of the actors.
  std::string name = {};

  /// So many members are started at once and kept. From 1 to `workers_max`.
  size_t workers_min = 1;

  /// Up to so many exist while messages wait for longer than `grow_after`. 0: one for each core that the process may use, or
  /// `workers_min` if that is more. At most 1024.
  size_t workers_max = 0;

  /// Which member a message goes to.
  dispatch how = dispatch::least_loaded;

  /// With `dispatch::by_key`, and only then: the key of a message. See `key_of`. Called on any thread, several at once; a message for
  /// which it throws is refused with `caf::sec::runtime_error`.
  std::function<uint64_t(const caf::message&)> key = {};

  /// How many messages are with a member at a time, so that it need not wait for the next one; the others wait in the pool.
  /// From 1 to 65,536. With 1, no message waits behind a long one while another member has nothing to do.
  size_t prefetch_max = 4;

  /// How many messages may wait in the pool. One more is refused: a request with `errc::mailbox_full`, others count as dropped.
  size_t waiting_max = 65'536;

  /// For how long a message has to wait before one more member is started. 0: at once.
  std::chrono::milliseconds grow_after{20};

  /// Members beyond `workers_min` that the pool has not needed for so long end. At least 1 ms.
  std::chrono::milliseconds idle_after{10'000};

  /// Of each member. `restart_when::never` counts as `on_crash`. As it stands here no member is given up, however many messages kill its
  /// processes, and a new process follows after a quarter of a second at most. With a limit, a member that dies too often leaves the
  /// pool; when the last one has, the pool ends with `errc::restarts_exhausted`. The log, an event and `pool_status` tell either.
  restart_policy restart = {.restarts_max = restart_policy::unlimited, .backoff_max = std::chrono::milliseconds{250}};

  /// How the members are started. `where` must be `own_process`, and `restart` is taken from above.
  worker_options worker = {};
};

/// What a pool has at the moment.
struct pool_status {
  /// One of its actors.
  struct member {
    /// The number that events name it by.
    uint32_t slot = 0;
    /// It has a process.
    bool up = false;
    /// Messages that it was given and has not handled yet.
    size_t taken = 0;
  };

  /// Members that were started.
  std::vector<member> members;
  /// Members that are being started.
  size_t starting = 0;
  /// Members that were given up because they died too often.
  size_t given_up = 0;
  /// Why the pool has ended; empty while it goes on.
  caf::error ended = {};
  /// Messages that no member has been given.
  size_t waiting = 0;
  /// How long the oldest of these has waited.
  std::chrono::nanoseconds longest_wait{0};
};

/// The same with all that was left open decided. Of checked options.
[[nodiscard]] pool_options complete(pool_options options, const std::string& actor);

/// Returns `errc::invalid_option` with the name of the first option that makes no sense.
[[nodiscard]] caf::error check(const pool_options& options);

} // namespace bulkhead
