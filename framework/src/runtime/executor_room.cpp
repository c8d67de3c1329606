// Who waits for room, and the end of an executor.
#include "bulkhead/transport/type_ids.hpp"
#include "executor_follow_up.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

constexpr size_t room_step_max = 1024;

} // namespace

/// Takes a future out of the line that waits for room.
class executor_core::room_withdrawal final : public canceller {
public:
  room_withdrawal(std::weak_ptr<executor_core> core, std::weak_ptr<outcome<void>> told)
    : core_(std::move(core)), told_(std::move(told)) {
    // nop
  }

  bool cancel() override {
    auto core = core_.lock();
    auto told = told_.lock();
    return core && told && core->withdraw(told);
  }

private:
  const std::weak_ptr<executor_core> core_;
  const std::weak_ptr<outcome<void>> told_;
};

void executor_core::when_room(const std::shared_ptr<outcome<void>>& told) {
  told->source(std::make_shared<room_withdrawal>(weak_from_this(), told));
  std::unique_lock guard{mutex_};
  if (!closing_ && !broken_ && !has_room()) {
    room_.add(told);
    return;
  }
  auto reason = refusal();
  guard.unlock();
  if (reason)
    told->fail(std::move(reason));
  else
    told->set({});
}

bool executor_core::withdraw(const std::shared_ptr<outcome<void>>& told) {
  {
    std::lock_guard guard{mutex_};
    room_.remove(told.get());
  }
  return told->fail(caf::make_error(errc::cancelled));
}

// A future that is told need not use the room: as long as some is left, others are told a little later.
void executor_core::offer_room(follow_up& then, size_t count) {
  for (; count > 0 && !room_.empty() && has_room(); --count) {
    auto next = room_.take();
    if (auto told = std::get_if<room_line::told>(&next))
      then.told_of_room.push_back(std::move(*told));
    else
      accept(std::get<task_pointer>(next));
  }
  if (!room_.empty() && has_room() && !room_timer_) {
    room_timer_ = true;
    then.look_for_room = true;
  }
}

void executor_core::offer_more_room() {
  follow_up then;
  std::unique_lock guard{mutex_};
  room_timer_ = false;
  room_step_ = std::min(2 * room_step_, room_step_max);
  offer_room(then, room_step_);
  pump(then);
  grow(then);
  guard.unlock();
  then.run(*this);
}

void executor_core::cancel_waiting(follow_up& then) {
  while (auto next = next_queued())
    end_task(next, then, caf::make_error(errc::cancelled, options_.name + " is shutting down"));
  for (auto& x : workers_)
    for (auto& left : take_back(x))
      end_task(left, then, caf::make_error(errc::cancelled, options_.name + " is shutting down"));
}

void executor_core::shutdown(at_shutdown how) {
  follow_up then;
  std::unique_lock guard{mutex_};
  closing_ = true;
  while (!room_.empty()) {
    auto next = room_.take();
    auto reason = caf::make_error(errc::shutting_down, options_.name + " is shutting down");
    if (auto told = std::get_if<room_line::told>(&next)) {
      then.settlements.push_back({*told, std::move(reason), 0});
    } else {
      auto& refused = std::get<task_pointer>(next);
      refused->where = task::state::done;
      then.settlements.push_back({refused->result, std::move(reason), 0});
    }
  }
  if (how != at_shutdown::finish)
    cancel_waiting(then);
  if (how == at_shutdown::cancel_all)
    for (auto& x : workers_) {
      for (auto number = x->oldest; number < x->next; ++number)
        if (auto running = x->take(number))
          end_task(running, then, caf::make_error(errc::cancelled, options_.name + " is shutting down"));
      if (x->where == pool_worker::state::ready)
        then.kills.push_back(x->process);
      else if (x->where == pool_worker::state::starting && x->process)
        then.stops.push_back(x->process);
      x->where = pool_worker::state::closing;
    }
  close_if_finished(then);
  changed_.notify_all();
  guard.unlock();
  then.run(*this);
}

void executor_core::wait() {
  std::unique_lock guard{mutex_};
  changed_.wait(guard, [this] { return closing_ && workers_.empty() && unfinished_ == 0 && processes_ == 0; });
}

// In good order: nothing is with it any more.
void executor_core::close(const worker_pointer& who, follow_up& then) {
  if (who->process)
    then.stops.push_back(who->process);
  who->where = pool_worker::state::closing;
}

void executor_core::close_if_finished(follow_up& then) {
  if (!closing_ || unfinished_ > 0)
    return;
  for (auto& x : workers_)
    if (x->where != pool_worker::state::closing)
      close(x, then);
  changed_.notify_all();
}

} // namespace bulkhead::runtime
