#include "bulkhead/main.hpp"

#include "bulkhead/mark.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/naming_helper.hpp"
#include "bulkhead/runtime/worker_main.hpp"

#include <cstdio>
#include <exception>

namespace bulkhead {

void detail::init_own_types() {
  caf::init_global_meta_objects<caf::id_block::bulkhead>();
  transport::set_own_loaders();
}

void detail::start_system(std::optional<caf::actor_system>& system, caf::actor_system_config& cfg) {
  constexpr int no_resources = 71; // EX_OSERR of sysexits.h
  try {
    system.emplace(cfg);
  } catch (const std::exception& thrown) {
    std::fprintf(stderr,
                 "bulkhead: the actor system cannot be started: %s. See the limits of descriptors, threads and memory "
                 "(ulimit -n, -u, -v, TasksMax)\n",
                 thrown.what());
    // CAF has left a logger in this thread, whose memory went with the system: its destructor must not run.
    platform::exit_now(no_resources);
  }
}

bool is_worker() {
  return runtime::is_worker() || runtime::is_naming_helper();
}

void mark(std::string_view text) noexcept {
  runtime::mark_moment(text);
}

std::optional<int> run_if_worker(caf::actor_system_config& cfg) {
  if (runtime::is_naming_helper())
    return runtime::serve_names();
  if (!is_worker()) {
    runtime::allow_naming_helpers();
    return std::nullopt;
  }
  return runtime::run_worker(cfg);
}

} // namespace bulkhead
