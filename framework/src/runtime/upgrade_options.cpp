#include "bulkhead/runtime/upgrade_options.hpp"

#include "bulkhead/runtime/worker_options.hpp"
#include "bulkhead/transport/type_ids.hpp"

namespace bulkhead {

caf::error check(const upgrade_options& options) {
  worker_options started_with;
  started_with.program = options.program;
  started_with.arguments = options.arguments.value_or(started_with.arguments);
  started_with.environment = options.environment.value_or(started_with.environment);
  if (auto wrong = check(started_with))
    return wrong;
  using namespace std::chrono_literals;
  if (options.probation < 0ms || options.probation > 24h)
    return caf::make_error(errc::invalid_option, std::string{"probation"},
                           std::string{"must be between 0 ms and 24 hours"});
  return {};
}

} // namespace bulkhead
