#pragma once

#include <bulkhead/bulkhead.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>

#include <cstdint>
#include <string>

namespace bench {

/// Adds the heavy actors of all measurements.
void add_actors(bulkhead::config& cfg);

/// Answers numbers, counts strings, says on `get` how many it has counted and on `open` its pid, and looks at both ends of a payload.
caf::behavior echo(caf::event_based_actor* self);

/// Never answers a string; answers numbers.
caf::behavior hoarder(caf::event_based_actor* self);

/// Takes 100 us for each string.
caf::behavior laggard(caf::event_based_actor* self);

/// An actor system with heavy actors.
class heavy_system {
public:
  heavy_system();

  [[nodiscard]] caf::actor_system& get() noexcept {
    return system_;
  }

  /// `name` in a worker of its own.
  caf::actor spawn(const char* name, const bulkhead::worker_options& options = {});

  bulkhead::worker start_worker(const bulkhead::worker_options& options = {});

  /// Sleeps until there are no workers.
  void wait_for_end_of_workers();

  /// Sleeps until so many spares are ready.
  void wait_for_spares(uint32_t count);

private:
  bulkhead::config cfg_;
  caf::actor_system system_;
};

/// An actor system as CAF makes it, with its own scheduler.
struct plain_system {
  caf::actor_system_config cfg;
  caf::actor_system system{cfg};
};

/// Ends the program if something that the measurement rests on went wrong.
[[noreturn]] void fail(const std::string& what);

} // namespace bench
