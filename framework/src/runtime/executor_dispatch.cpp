// Which worker gets which tasks, and what comes back from them.
#include "bulkhead/platform/saturating.hpp"
#include "bulkhead/runtime/caf_sink.hpp"
#include "bulkhead/transport/type_ids.hpp"
#include "executor_follow_up.hpp"

#include <caf/sec.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

using transport::task_batch;
using transport::task_result;

namespace {

/// The end of the worker tells the same, and more exactly.
bool told_by_the_end(const caf::error& reason) {
  return reason == errc::worker_lost || reason == errc::shutting_down || reason == caf::sec::request_receiver_down
         || reason == caf::sec::broken_promise;
}

} // namespace

bool executor_core::takes_more(const pool_worker& who) const noexcept {
  if (who.where != pool_worker::state::ready || who.crowded || who.reserved || who.still || !who.has_room())
    return false;
  if (options_.tasks_per_worker_max != 0 && who.given >= options_.tasks_per_worker_max)
    return false;
  // Numbers of calls that are not answered never share a place.
  auto unanswered_max = std::min(2 * options_.prefetch_max - 1, shm::claim_board::slots - options_.prefetch_max);
  return who.in_flight <= (options_.prefetch_max - 1) / 2 && who.unanswered <= unanswered_max;
}

// The first of those that have the least to do: a pool that is not busy keeps one worker awake and lets the others sleep.
executor_core::worker_pointer executor_core::least_busy() const {
  worker_pointer result;
  for (auto& x : workers_)
    if (takes_more(*x) && (!result || x->in_flight < result->in_flight))
      result = x;
  return result;
}

void executor_core::pump(follow_up& then) {
  while (queued_ > 0) {
    auto to = least_busy();
    if (!to)
      return;
    auto ready = static_cast<size_t>(
      std::count_if(workers_.begin(), workers_.end(), [](auto& x) { return x->where == pool_worker::state::ready; }));
    auto count = std::min(options_.prefetch_max - to->in_flight, (queued_ + ready - 1) / ready);
    if (options_.tasks_per_worker_max != 0)
      count = std::min<size_t>(count, options_.tasks_per_worker_max - to->given);
    std::vector<task_pointer> batch;
    batch.reserve(count);
    for (auto next = next_queued(); next; next = batch.size() < count ? next_queued() : nullptr) {
      if (next->is_suspect()) {
        if (to->in_flight > 0 || !batch.empty()) {
          requeue({next});
          break;
        }
        to->reserved = true;
        count = 1;
      }
      batch.push_back(std::move(next));
    }
    if (batch.empty())
      return; // a suspect waits for a worker that has nothing else
    assign(to, batch, then);
  }
}

// The numbers of the batch follow each other.
void executor_core::assign(const worker_pointer& to, const std::vector<task_pointer>& what, follow_up& then) {
  auto at = now();
  if (to->in_flight == 0)
    to->quiet_since = at;
  if (workers_max_ > 1)
    arm_watch(then, at + to->patience);
  if (options_.stall_max.count() != 0)
    arm_watch(then, look_before(at + options_.stall_max, at));
  for (size_t i = 0; i < what.size();) {
    task_batch batch;
    auto first = to->next;
    for (; i < what.size() && to->has_room(); ++i) {
      to->add(what[i]);
      what[i]->worker = to;
      if (auto time_max = what[i]->options.time_max; time_max.count() != 0) {
        has_time_limits_ = true;
        arm_watch(then, look_before(platform::saturating_sum(at, time_max), at));
      }
      batch.calls.push_back({what[i]->number, what[i]->function.key, what[i]->arguments});
    }
    if (batch.calls.empty()) {
      requeue({what.begin() + static_cast<std::ptrdiff_t>(i), what.end()});
      return;
    }
    to->batch_size(first) = static_cast<uint16_t>(batch.calls.size());
    to->unanswered += batch.calls.size();
    then.sends.push_back({to->sink, to->runner, std::move(batch)});
  }
}

// Takes half of what the busiest worker has not begun, from its end.
void executor_core::steal(const worker_pointer& thief, follow_up& then) {
  if (!takes_more(*thief))
    return;
  worker_pointer busiest;
  for (auto& x : workers_)
    if (x != thief && x->where == pool_worker::state::ready && x->in_flight > 1
        && (!busiest || x->in_flight > busiest->in_flight))
      busiest = x;
  if (!busiest)
    return;
  auto wanted = std::min(busiest->in_flight / 2, options_.prefetch_max);
  if (options_.tasks_per_worker_max != 0)
    wanted = std::min<size_t>(wanted, options_.tasks_per_worker_max - thief->given);
  std::vector<task_pointer> loot;
  auto board = busiest->claims.board();
  for (auto number = busiest->next - 1; number >= busiest->oldest && loot.size() < wanted; --number) {
    if (!busiest->find(number))
      continue;
    if (!board.take_back(number))
      break;
    loot.push_back(busiest->take(number));
    --busiest->given;
  }
  std::reverse(loot.begin(), loot.end());
  if (!loot.empty())
    assign(thief, loot, then);
}

// A worker has nothing to do, as it seems.
void executor_core::rest(const worker_pointer& who, follow_up& then) {
  if (who->where != pool_worker::state::ready || who->in_flight > 0)
    return;
  if (options_.tasks_per_worker_max != 0 && who->given >= options_.tasks_per_worker_max) {
    close(who, then);
    grow(then);
    return;
  }
  steal(who, then);
  if (who->in_flight > 0)
    return;
  who->idle_since = std::chrono::steady_clock::now();
  arm_idle_timer(then);
}

void executor_core::on_message(const worker_pointer& from, uint64_t id, caf::message& content) {
  if (content.match_elements<task_result>())
    on_result(from, id, content.get_mutable_as<task_result>(0));
  else if (id != 0 && content.match_elements<caf::error>())
    on_refused(from, id, content.get_as<caf::error>(0));
}

void executor_core::on_result(const worker_pointer& from, uint64_t id, task_result& result) {
  follow_up then;
  std::unique_lock guard{mutex_};
  auto ended = from->take(result.number);
  if (ended && !forget(ended, then))
    ended = nullptr;
  from->answered();
  if (id != 0) {
    from->unanswered -= from->batch_size(id);
    find_lost_results(from, id, then);
  }
  from->crowded = false;
  pump(then);
  rest(from, then);
  close_if_finished(then);
  guard.unlock();
  then.run(*this);
  if (!ended)
    return;
  if (result.value.match_elements<caf::error>() && result.value.get_as<caf::error>(0) == errc::unknown_function)
    result.value = caf::make_message(caf::make_error(errc::unknown_function, describe(ended->function)));
  ended->result->take(result.value);
}

// A batch is answered after all of its results were sent. What is missing now could not be encoded or decoded.
void executor_core::find_lost_results(const worker_pointer& from, uint64_t first, follow_up& then) {
  auto board = from->claims.board();
  for (auto number = first; number < first + from->batch_size(first); ++number)
    if (auto lost = from->find(number); lost && board.has_begun(number)) {
      from->take(number);
      end_task(lost, then, caf::make_error(errc::decode_failed, "the result of a task cannot be encoded or decoded"));
    }
}

// The worker did not get the batch, or its answer could not be read.
void executor_core::on_refused(const worker_pointer& from, uint64_t first, const caf::error& reason) {
  if (told_by_the_end(reason))
    return;
  follow_up then;
  std::unique_lock guard{mutex_};
  auto board = from->claims.board();
  from->answered();
  std::vector<task_pointer> left;
  auto count = from->batch_size(first);
  from->unanswered -= count;
  auto last = first + count - 1;
  if (board.has_begun(last)) {
    // Not the batch, but the answer to it, which is the result of its last task.
    if (auto unread = from->take(last))
      end_task(unread, then, reason);
    find_lost_results(from, first, then);
  } else {
    for (auto number = first; number <= last; ++number)
      if (from->find(number) && board.take_back(number)) {
        left.push_back(from->take(number));
        --from->given;
      }
  }
  if (from->where != pool_worker::state::ready) {
    requeue(left);
  } else if ((reason == errc::mailbox_full || reason == errc::resources_exhausted) && from->in_flight > 0) {
    from->crowded = true;
    requeue(left);
  } else if (left.size() == 1 && count == 1) {
    end_task(left.front(), then, reason);
  } else {
    for (auto& x : left) // which of them it was is not told
      assign(from, {x}, then);
  }
  pump(then);
  rest(from, then);
  close_if_finished(then);
  guard.unlock();
  then.run(*this);
}

} // namespace bulkhead::runtime
