#include "bulkhead/main.hpp"

#include "bulkhead/mark.hpp"
#include "bulkhead/runtime/worker_main.hpp"

namespace bulkhead {

void detail::init_own_types() {
  caf::init_global_meta_objects<caf::id_block::bulkhead>();
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
