#include "bulkhead/main.hpp"

#include "bulkhead/mark.hpp"
#include "bulkhead/runtime/worker_main.hpp"

#include <cstdio>
#include <exception>

namespace bulkhead {

void detail::init_own_types() {
  caf::init_global_meta_objects<caf::id_block::bulkhead>();
  transport::set_own_loaders();
}

int detail::start_system(std::optional<caf::actor_system>& system, caf::actor_system_config& cfg) {
  constexpr int no_resources = 71; // EX_OSERR of sysexits.h
  try {
    system.emplace(cfg);
    return 0;
  } catch (const std::exception& thrown) {
    std::fprintf(stderr,
                 "bulkhead: the actor system cannot be started: %s. See the limits of descriptors, threads and memory "
                 "(ulimit -n, -u, -v, TasksMax)\n",
                 thrown.what());
    return no_resources;
  }
}

bool is_worker() {
  return runtime::is_worker();
}

void mark(std::string_view text) noexcept {
  runtime::mark_moment(text);
}

std::optional<int> run_if_worker(caf::actor_system_config& cfg) {
  if (!is_worker())
    return std::nullopt;
  return runtime::run_worker(cfg);
}

} // namespace bulkhead
