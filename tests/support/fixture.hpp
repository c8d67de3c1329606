#pragma once

#include "support/types.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace test_support {

/// Makes a heavy actor known to this test program and to the workers that it starts. At namespace scope:
/// `static const test_support::known_actor echo_known{bulkhead::heavy<"echo", echo>::add_to};`
struct known_actor {
  explicit known_actor(void (*add)(caf::actor_system_config&));
};

/// Adds all known actors to `cfg`.
void add_known_actors(caf::actor_system_config& cfg);

/// As long as any wait in a test may take, before it is reported as a failure.
constexpr std::chrono::seconds patience{30};

/// Returns whether `condition` became true within `patience`.
bool eventually(const std::function<bool()>& condition);

/// Stops a process as Ctrl-Z does, and returns when all its threads stand still: kill(2) returns before.
bool freeze(int pid);

/// An actor system with the host module, as an application has it.
struct host_fixture {
  explicit host_fixture(size_t scheduler_threads = 2);

  struct configuration : bulkhead::config {
    explicit configuration(size_t scheduler_threads);
  };

  configuration cfg;
  caf::actor_system sys;
  bulkhead::host host;
};

/// Number of this process's children, zombies included.
size_t count_children();

/// Their process numbers.
std::vector<int> children();

} // namespace test_support
