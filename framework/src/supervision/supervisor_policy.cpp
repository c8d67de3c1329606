#include "bulkhead/supervision/supervisor_policy.hpp"

namespace bulkhead::supervision {

namespace {

bool is_affected(strategy how, size_t child, size_t ended) noexcept {
  switch (how) {
  case strategy::one_for_all:
    return true;
  case strategy::rest_for_one:
    return child >= ended;
  default:
    return child == ended;
  }
}

} // namespace

bool starts_again(restart_type type, bool died) noexcept {
  return type == restart_type::permanent || (type == restart_type::transient && died);
}

restart_plan plan_restart(strategy how, std::span<const child_view> children, size_t ended, bool died) {
  restart_plan result;
  if (!starts_again(children[ended].type, died))
    return result;
  for (size_t i = 0; i < children.size(); ++i) {
    if (i != ended && !(children[i].wanted && is_affected(how, i, ended)))
      continue;
    auto& list = children[i].type == restart_type::temporary ? result.drop : result.start;
    list.push_back(i);
  }
  for (auto i = children.size(); i-- > 0;)
    if (i != ended && children[i].wanted && is_affected(how, i, ended))
      result.stop.push_back(i);
  return result;
}

restart_policy as_policy(const supervisor_options& options) noexcept {
  restart_policy result;
  result.when = restart_when::always;
  result.restarts_max = options.restarts_max;
  result.within = options.within;
  result.backoff_min = options.backoff_min;
  result.backoff_max = options.backoff_max;
  return result;
}

complaint check(const supervisor_options& options) {
  using namespace std::chrono_literals;
  if (options.strategy > strategy::rest_for_one)
    return {"strategy", "must be one_for_one, one_for_all or rest_for_one"};
  if (options.restarts_max > 1000)
    return {"restarts_max", "must be between 0 and 1000"};
  if (options.within < 1ms || options.within > 24h)
    return {"within", "must be between 1 ms and 24 hours"};
  if (options.backoff_min < 0ms || options.backoff_min > 24h)
    return {"backoff_min", "must be between 0 ms and 24 hours"};
  if (options.backoff_max < options.backoff_min || options.backoff_max > 24h)
    return {"backoff_max", "must be between backoff_min and 24 hours"};
  if (options.kill_after < 0ms || options.kill_after > 24h)
    return {"kill_after", "must be between 0 ms and 24 hours"};
  return {};
}

} // namespace bulkhead::supervision
