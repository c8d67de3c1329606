#include "bulkhead/supervision/restart_policy.hpp"

#include <algorithm>

namespace bulkhead::supervision {

complaint check(const restart_policy& policy) {
  using namespace std::chrono_literals;
  if (policy.when > restart_when::always)
    return {"restart.when", "must be never, on_crash or always"};
  if (policy.restarts_max > 1000 && policy.restarts_max != restart_policy::unlimited)
    return {"restart.restarts_max", "must be between 0 and 1000, or unlimited"};
  if (policy.within < 1ms || policy.within > 24h)
    return {"restart.within", "must be between 1 ms and 24 hours"};
  if (policy.backoff_min < 0ms || policy.backoff_min > 24h)
    return {"restart.backoff_min", "must be between 0 ms and 24 hours"};
  if (policy.backoff_max < policy.backoff_min || policy.backoff_max > 24h)
    return {"restart.backoff_max", "must be between restart.backoff_min and 24 hours"};
  if (policy.interrupted > in_doubt::drop)
    return {"restart.interrupted", "must be fail, retry or drop"};
  if (policy.poison_after < 1 || policy.poison_after > 100)
    return {"restart.poison_after", "must be between 1 and 100"};
  return {};
}

complaint check_unused(const restart_policy& policy) {
  const restart_policy usual;
  constexpr const char* rule = "has no effect: set restart.when to on_crash or always, or leave it out";
  if (policy.restarts_max != usual.restarts_max)
    return {"restart.restarts_max", rule};
  if (policy.within != usual.within)
    return {"restart.within", rule};
  if (policy.backoff_min != usual.backoff_min)
    return {"restart.backoff_min", rule};
  if (policy.backoff_max != usual.backoff_max)
    return {"restart.backoff_max", rule};
  if (policy.interrupted != usual.interrupted)
    return {"restart.interrupted", rule};
  if (policy.poison_after != usual.poison_after)
    return {"restart.poison_after", rule};
  return {};
}

complaint check(const recycle_policy& recycling, const restart_policy& policy) {
  using namespace std::chrono_literals;
  if (recycling.age_max < 0ms || recycling.age_max > 365 * 24h)
    return {"recycle.age_max", "must be between 0 ms and 365 days"};
  if (recycling.wanted() && policy.when == restart_when::never)
    return {"recycle", "needs restart.when other than never: the successor is a restart"};
  return {};
}

complaint check(const handler_policy& handler, const restart_policy& policy) {
  using namespace std::chrono_literals;
  if (handler.time_max < 0ms || handler.time_max > 24h)
    return {"handler.time_max", "must be between 0 ms and 24 hours"};
  if (handler.grace < 0ms || handler.grace > 24h)
    return {"handler.grace", "must be between 0 ms and 24 hours"};
  if (handler.stall_max < 0ms || handler.stall_max > 24h)
    return {"handler.stall_max", "must be between 0 ms and 24 hours"};
  if (handler.then > overrun::kill)
    return {"handler.then", "must be report or kill"};
  if (handler.time_max != 0ms && policy.when == restart_when::never)
    return {"handler.time_max", "needs restart.when other than never: another process takes over"};
  if (handler.stall_max != 0ms && policy.when == restart_when::never)
    return {"handler.stall_max", "needs restart.when other than never: another process takes over"};
  if (handler.deadlines && policy.when == restart_when::never)
    return {"handler.deadlines", "needs restart.when other than never: another process takes over"};
  const handler_policy usual;
  auto watched = handler.time_max != 0ms || handler.deadlines;
  if (handler.grace != usual.grace && !watched)
    return {"handler.grace", "has no effect: set handler.time_max or handler.deadlines, or leave it out"};
  if (handler.then != usual.then && !watched && handler.stall_max == 0ms)
    return {"handler.then", "has no effect: set handler.time_max, deadlines or stall_max, or leave it out"};
  return {};
}

duration watch_period(const handler_policy& handler) noexcept {
  constexpr duration shortest = std::chrono::milliseconds{1}, longest = std::chrono::seconds{1};
  auto limit = handler.time_max.count() != 0 ? handler.time_max : handler.grace;
  if (handler.stall_max.count() != 0)
    limit = limit.count() != 0 ? std::min(limit, handler.stall_max) : handler.stall_max;
  return std::clamp<duration>(limit / 8, shortest, longest);
}

size_t recent(const restart_policy& policy, std::span<const time_point> deaths, time_point now) noexcept {
  auto first = std::find_if(deaths.begin(), deaths.end(), [&](auto x) { return now - x < policy.within; });
  return static_cast<size_t>(deaths.end() - first);
}

bool may_restart(const restart_policy& policy, size_t recent_deaths) noexcept {
  return policy.when != restart_when::never && recent_deaths < policy.restarts_max;
}

duration back_off(const restart_policy& policy, size_t recent_deaths, double chance) noexcept {
  if (recent_deaths == 0)
    return duration::zero();
  // Twice as long each time; more doublings than this exceed any limit.
  constexpr size_t doublings_max = 40;
  auto longest = std::chrono::duration<double>{policy.backoff_max};
  auto full = std::chrono::duration<double>{policy.backoff_min}
              * static_cast<double>(uint64_t{1} << std::min(recent_deaths - 1, doublings_max));
  auto shortened = std::min(full, longest) * (1 - std::clamp(chance, 0.0, 1.0) / 2);
  return std::chrono::duration_cast<duration>(shortened);
}

sentence judge(const restart_policy& policy, uint32_t deaths) noexcept {
  switch (policy.interrupted) {
  case in_doubt::retry:
    return deaths < policy.poison_after ? sentence::retry : sentence::quarantine;
  case in_doubt::drop:
    return sentence::drop;
  default:
    return sentence::fail;
  }
}

} // namespace bulkhead::supervision
