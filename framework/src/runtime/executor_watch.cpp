// Limits of time: tasks that run for too long, and workers that do nothing.
#include "bulkhead/platform/saturating.hpp"
#include "bulkhead/transport/type_ids.hpp"
#include "executor_follow_up.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

// Between two looks at a worker that stands still, for which nobody has room yet.
constexpr std::chrono::milliseconds look_period{50};

constexpr std::chrono::milliseconds patience_max{5'000};

// The worker says when a task began. What it says may be wrong, and then counts as now.
supervision::time_point begin_of(const shm::claim_board& board, uint64_t number, const running_time& time,
                                 supervision::time_point first, supervision::time_point now) {
  auto told = board.begun_at(number);
  auto last = static_cast<uint64_t>(std::chrono::nanoseconds{now.time_since_epoch()}.count());
  if (told > last)
    return now;
  auto begun = time.at(supervision::time_point{std::chrono::nanoseconds{static_cast<int64_t>(told)}});
  return std::clamp(begun, std::min(first, now), now);
}

} // namespace

// A pause of all processes costs a limit this part of what is left of it at most, for a look that comes late shows the pause.
executor_core::time_point executor_core::look_before(time_point due, time_point now) {
  using namespace std::chrono_literals;
  return std::min(due, now + std::clamp<supervision::duration>((due - now) / 8, 10ms, 1s));
}

executor_core::time_point executor_core::now() const noexcept {
  return std::chrono::steady_clock::now() - watch_time_.lost();
}

void executor_core::arm_watch(follow_up& then, time_point due) {
  due = platform::saturating_sum(due, watch_time_.lost());
  if (due >= watch_at_)
    return;
  watch_at_ = due;
  watch_time_.plan(due);
  then.watch = due;
}

void pool_worker::answered() noexcept {
  stirred = true;
  if (std::exchange(still, false))
    patience = std::min(2 * patience, patience_max);
}

void executor_core::look_at_workers(time_point due) {
  follow_up then;
  std::unique_lock guard{mutex_};
  if (due != watch_at_)
    return; // an earlier look has been armed since
  watch_at_ = time_point::max();
  auto now = watch_time_.look(std::chrono::steady_clock::now());
  auto next = time_point::max();
  for (auto& x : std::vector<worker_pointer>{workers_}) {
    if (x->where != pool_worker::state::ready || (x->in_flight == 0 && !x->still))
      continue;
    auto board = x->claims.board();
    auto number = board.latest_task();
    auto running = x->find(number);
    if (running && !board.has_begun(number))
      running = nullptr;
    if (running || std::exchange(x->stirred, false))
      x->quiet_since = now;
    if (running)
      next = std::min(next, look_at_task(x, running, now, then));
    if (x->where == pool_worker::state::ready)
      next = std::min(next, look_at_progress(x, now, then));
  }
  if (next != time_point::max())
    arm_watch(then, next);
  guard.unlock();
  then.run(*this);
}

// Returns when to look again.
executor_core::time_point executor_core::look_at_task(const worker_pointer& who, const task_pointer& what,
                                                      time_point now, follow_up& then) {
  auto& limits = what->options;
  if (limits.time_max.count() == 0 || what->where == task::state::done)
    return time_point::max();
  auto board = who->claims.board();
  if (std::exchange(what->begun_as, what->number) != what->number)
    what->begun = begin_of(board, what->number, watch_time_, who->started_at - watch_time_.lost(), now);
  auto due = platform::saturating_sum(what->begun, limits.time_max);
  if (now < due)
    return look_before(due, now);
  auto last = platform::saturating_sum(due, grace_of(limits));
  if (now < last) {
    if (!std::exchange(what->overdue, true)) {
      board.ask_to_stop(what->number);
      who->reserved = true;
    }
    return look_before(last, now);
  }
  end_by_limit(who, then, death_cause::overran, "time_max", limits.time_max,
               "a task had not ended after " + std::to_string(limits.time_max.count())
                 + " ms: " + describe(what->function));
  return time_point::max();
}

// The same. What stands still may be a process that was stopped, or one that gets no processor.
executor_core::time_point executor_core::look_at_progress(const worker_pointer& who, time_point now, follow_up& then) {
  auto result = time_point::max();
  if (has_time_limits_)
    for (auto number = who->oldest; number < who->next; ++number)
      if (auto waits = who->find(number); waits && waits->options.time_max.count() != 0)
        result = std::min(result, look_before(platform::saturating_sum(now, waits->options.time_max), now));
  if (auto stall_max = options_.stall_max; stall_max.count() != 0) {
    if (now - who->quiet_since >= stall_max) {
      end_by_limit(who, then, death_cause::stalled, "stall_max", stall_max,
                   "it had tasks and began none of them for " + std::to_string(stall_max.count()) + " ms");
      return result;
    }
    result = std::min(result, look_before(who->quiet_since + stall_max, now));
  }
  if (who->still || workers_max_ == 1)
    return result;
  auto patient_until = who->quiet_since + who->patience;
  if (now < patient_until)
    return std::min(result, patient_until);
  auto idle = std::any_of(workers_.begin(), workers_.end(), [&](auto& x) { return x != who && takes_more(*x); });
  if (!idle)
    return std::min(result, now + look_period);
  if (auto left = take_back(who); !left.empty()) {
    who->still = true;
    requeue(left);
    pump(then);
  }
  return result;
}

// Nothing else begins there before its end.
void executor_core::end_by_limit(const worker_pointer& who, follow_up& then, death_cause cause, const char* limit,
                                 std::chrono::milliseconds value, std::string why) {
  requeue(take_back(who));
  who->where = pool_worker::state::closing;
  then.limits_hit.push_back({who->process, cause, limit, static_cast<uint64_t>(value.count()), std::move(why)});
  grow(then);
  pump(then);
}

} // namespace bulkhead::runtime
