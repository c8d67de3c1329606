#pragma once

#include "level.hpp"

#include <bulkhead/bulkhead.hpp>
#include <bulkhead/coroutine.hpp>
#include <bulkhead/io.hpp>

#include <caf/all.hpp>

#include <cstdint>

namespace endurance {

/// A heavy actor for everything that can be asked again and again:
///   (int32_t x)               -> x, or the end of the process if x is negative
///   (get_atom)                -> bytes of live heap in its own process
///   (wait_for_atom)           -> nothing, ever
///   (spawn_atom)              -> another actor in its process, which ends with (close_atom)
///   (caf::actor)              keeps the handle until the next one comes, and monitors it
///   (bytes)                   -> their size
///   (shared_value<int64_t>)   -> its value
///   (shared_counter), (add_atom, shared_counter)   adds one; the latter answers
///   (wait_for_atom, path)     does nothing until the gate is opened
///   (sys_atom, x)             -> x
///   (forward_atom, way)       asks the first actor of the way for the rest of it, and answers when that does
caf::behavior worker(caf::event_based_actor* self);

/// A host system, its one long-lived light actor, and what starts workers quickly.
struct site : test_support::host_fixture {
  site();

  caf::scoped_actor self{sys};

  /// Observers of `self`.
  [[nodiscard]] size_t observers() const {
    return observers_of(caf::actor_cast<caf::strong_actor_ptr>(self.ptr()));
  }

  [[nodiscard]] caf::actor spawn(const bulkhead::worker_options& options = {});
};

} // namespace endurance
