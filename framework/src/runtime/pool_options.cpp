#include "bulkhead/runtime/pool_options.hpp"

#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/transport/errc.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <algorithm>

namespace bulkhead {

namespace {

constexpr size_t workers_limit = 1024;
constexpr size_t pool_prefetch_limit = 65'536;

caf::error wrong_in_pool(const char* option, const char* why) {
  return caf::make_error(errc::invalid_option, option, why);
}

worker_options member_options(const pool_options& options) {
  auto result = options.worker;
  result.restart = options.restart;
  if (result.restart.when == restart_when::never)
    result.restart.when = restart_when::on_crash;
  return result;
}

} // namespace

pool_options complete(pool_options options, const std::string& actor) {
  if (options.name.empty())
    options.name = actor;
  if (options.workers_max == 0)
    options.workers_max = std::max<size_t>(options.workers_min, platform::cores());
  options.worker = member_options(options);
  options.restart = options.worker.restart;
  return options;
}

caf::error check(const pool_options& options) {
  using namespace std::chrono_literals;
  if (options.workers_min < 1 || options.workers_min > workers_limit)
    return wrong_in_pool("workers_min", "must be from 1 to 1024");
  if (options.workers_max != 0 && (options.workers_max < options.workers_min || options.workers_max > workers_limit))
    return wrong_in_pool("workers_max", "must be from workers_min to 1024, or 0 for one worker for each core");
  if (options.how > dispatch::by_sender)
    return wrong_in_pool("how", "must be least_loaded, round_robin, by_key or by_sender");
  if (options.how == dispatch::by_key && !options.key)
    return wrong_in_pool("key", "must be set for dispatch::by_key: see bulkhead::key_of");
  if (options.how != dispatch::by_key && options.key)
    return wrong_in_pool("key", "is for dispatch::by_key only");
  if (options.prefetch_max < 1 || options.prefetch_max > pool_prefetch_limit)
    return wrong_in_pool("prefetch_max", "must be from 1 to 65536");
  if (options.grow_after < 0ms || options.grow_after > 24h)
    return wrong_in_pool("grow_after", "must be between 0 ms and 24 hours");
  if (options.idle_after < 1ms || options.idle_after > 24h)
    return wrong_in_pool("idle_after", "must be between 1 ms and 24 hours");
  if (options.worker.where != placement::own_process)
    return wrong_in_pool("worker.where", "members run in processes of their own");
  if (options.worker.restart != restart_policy{})
    return wrong_in_pool("worker.restart", "is not used: set the pool's own restart");
  return check(member_options(options));
}

} // namespace bulkhead
