// Who runs the actors of a worker: one thread, so that they need no more than one core. While a handler waits on it, as a `scoped_actor` or a
// `function_view` does, another thread runs the other actors and polls; nothing else could bring what the handler waits for.

#include "bulkhead/runtime/caf_scheduler_io.hpp"

#include <system_error>
#include <utility>

namespace bulkhead::runtime {

bool caf_scheduler::serves(const worker& self) const noexcept {
  return !alone_ || on_duty_ == &self;
}

bool caf_scheduler::leaves(const worker& self) const noexcept {
  return stopping_ || !serves(self) || (pause_wanted_ && away_ == 0);
}

// Under the mutex of duties.
void caf_scheduler::set_away(worker& self, bool is_away) {
  if (std::exchange(self.is_away, is_away) != is_away)
    away_ += is_away ? size_t{1} : ~size_t{0};
}

void caf_scheduler::handler_may_wait() {
  auto self = static_cast<worker*>(current_unit());
  if (!alone_ || self == nullptr || !runs_actor())
    return;
  std::unique_lock guard{duty_mutex_};
  if (stopping_)
    return;
  if (on_duty_ != self) {
    guard.unlock();
    share(self->take_all()); // the handler may wait for one of them
    wake_one();
    return;
  }
  if (standing_by_ + launching_ == 0) {
    if (threads_.size() >= loops_max)
      return;
    try {
      launch_loop();
    } catch (const std::system_error&) {
      return; // no thread is to be had: the handler waits alone, for as long as its request allows
    }
    ++launching_;
  }
  share(self->take_all());
  set_away(*self, true);
  on_duty_ = nullptr;
  duty_changed_.notify_all();
}

void caf_scheduler::stand_by(worker& self) {
  share(self.take_all());
  {
    std::lock_guard guard{mutex_};
    take_over_ = true;
    followers_wake_.notify_all();
  }
  std::unique_lock guard{duty_mutex_};
  if (std::exchange(self.is_new, false))
    --launching_;
  duty_changed_.notify_all(); // the first thread may wait for the end of its polling
  ++standing_by_;
  duty_changed_.wait(guard, [this] { return stopping_ || on_duty_ == nullptr; });
  --standing_by_;
  if (!stopping_)
    on_duty_ = &self;
}

// The first thread takes the duty back at any time, so the others look under the mutex whether they have it.
bool caf_scheduler::try_take_polling(worker& self) {
  if (!alone_ || &self == first_)
    return polling_.try_take();
  std::lock_guard guard{duty_mutex_};
  return on_duty_ == &self && polling_.try_take();
}

bool caf_scheduler::begin_job(worker& self, caf::resumable* job) {
  if (&self == first_)
    return true;
  {
    std::lock_guard guard{duty_mutex_};
    if (on_duty_ == &self) {
      set_away(self, true);
      return true;
    }
  }
  enqueue(job);
  return false;
}

void caf_scheduler::end_job(worker& self) {
  auto is_first = &self == first_;
  if (is_first && serves(self))
    return;
  std::unique_lock guard{duty_mutex_};
  set_away(self, false);
  if (is_first)
    on_duty_ = &self; // before the other thread is woken, which looks
  if (is_first || pause_wanted_)
    post([] {});
  if (!is_first)
    return;
  // No handler may begin while another thread reads the mailbox: that may hold the order to stand still.
  duty_changed_.wait(guard, [this] { return !polling_.taken() || stopping_; });
}

void caf_scheduler::between_handlers(std::function<void()> what) {
  {
    std::lock_guard guard{duty_mutex_};
    at_pause_ = std::move(what);
    pause_wanted_ = true;
  }
  look_for_pause();
}

// While the caller polls, no other thread begins a handler.
void caf_scheduler::look_for_pause() {
  if (!pause_wanted_)
    return;
  std::function<void()> what;
  {
    std::lock_guard guard{duty_mutex_};
    if (away_ > 0)
      return;
    what = std::exchange(at_pause_, {});
    pause_wanted_ = false;
  }
  if (what)
    what();
}

} // namespace bulkhead::runtime
