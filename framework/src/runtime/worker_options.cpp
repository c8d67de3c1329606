#include "bulkhead/runtime/worker_options.hpp"

#include "bulkhead/transport/type_ids.hpp"

#include <algorithm>

namespace bulkhead {

namespace {

caf::error invalid(const char* option, const char* rule) {
  return caf::make_error(errc::invalid_option, std::string{option}, std::string{rule});
}

} // namespace

caf::error check(const worker_options& options) {
  using namespace std::chrono_literals;
  if (!shm::valid({options.mailbox_bytes, transport::control_ring_bytes}))
    return invalid("mailbox_bytes", "must be a power of two from 4 KiB to 1 GiB");
  if (options.startup_timeout < 1ms || options.startup_timeout > 24h)
    return invalid("startup_timeout", "must be between 1 ms and 24 hours");
  if (options.stop_timeout < 0ms || options.stop_timeout > 24h)
    return invalid("stop_timeout", "must be between 0 ms and 24 hours");
  if (options.message_bytes_max == 0 || options.message_bytes_max > uint64_t{1} << 40)
    return invalid("message_bytes_max", "must be between 1 and 2^40");
  auto is_assignment = [](const std::string& x) { return x.find('=') != std::string::npos && x[0] != '='; };
  if (!std::all_of(options.environment.begin(), options.environment.end(), is_assignment))
    return invalid("environment", "each entry must have the form NAME=value");
  if (!options.command_prefix.empty() && options.command_prefix.front().empty())
    return invalid("command_prefix", "must start with a program");
  return {};
}

} // namespace bulkhead
