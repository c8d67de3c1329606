// How a pool ends: at once for whoever sends to it; for whoever watches it, when its members have ended.

#include "bulkhead/runtime/actor_pool.hpp"
#include "bulkhead/runtime/caf_pool.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"

#include <caf/exit_reason.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <list>
#include <utility>

namespace bulkhead::runtime {

void actor_pool::finish(const caf::error& reason) {
  spawn_callback done;
  std::vector<std::unique_ptr<member>> members;
  std::list<queue> left;
  caf::strong_actor_ptr held, unused; // all outlive the guard
  std::unique_lock guard{mutex_};
  if (over_.exchange(true))
    return;
  reason_ = reason;
  members.swap(members_);
  left.push_back(std::move(common_));
  for (auto& x : members) {
    left.push_back(std::move(x->own));
    leaving_.push_back(x->slot);
  }
  claims_.clear();
  waiting_ = 0;
  auto arriving = arriving_;
  held = std::move(held_);
  unused = std::move(new_handle_);
  done = std::exchange(done_, nullptr);
  guard.unlock();
  for (auto& from : left)
    for (auto& line : from.messages)
      for (auto& x : line)
        (void) refuse(*x.what, link::after_end(reason), nullptr);
  if (done)
    done(reason);
  for (auto& x : arriving)
    x->stop();
  host_.the_keeper().post([self = shared_from_this()] {
    self->grow_timer_.reset();
    self->idle_timer_.reset();
    self->drain_timer_.reset();
    for (auto& told : std::exchange(self->drained_, {}))
      told(0);
  });
  conclude();
}

// Behind its members: whoever starts another pool then does not meet them any more.
void actor_pool::conclude() {
  std::unique_lock guard{mutex_};
  if (!over_ || starting_ > 0 || !leaving_.empty() || std::exchange(concluded_, true))
    return;
  guard.unlock();
  if (auto handle = handle_.lock())
    static_cast<caf_pool*>(handle->get())->end(reason_);
  host_.the_keeper().post([self = shared_from_this()] { self->host_.ended(self); });
}

caf::error actor_pool::end_reason() const {
  std::lock_guard guard{mutex_};
  return reason_;
}

bool actor_pool::exit(caf::mailbox_element& what) {
  auto reason = what.payload.get_as<caf::exit_msg>(0).reason;
  if (!reason) { // as other actors, it goes on after a normal end of what it is linked to
    if (auto handle = handle_.lock())
      (void) ends_link(static_cast<caf_pool&>(*handle->get()), what);
    return true;
  }
  std::vector<caf::strong_actor_ptr> all;
  {
    std::lock_guard guard{mutex_};
    for (auto& x : members_)
      all.push_back(x->handle);
  }
  finish(reason);
  for (auto& x : all)
    x->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(caf::message_priority::high), {},
                                         caf::exit_msg{nullptr, reason}),
               &host_.routes().context());
  return true;
}

// The pool ends as the last one of them does.
bool actor_pool::terminate(std::chrono::milliseconds grace) {
  std::unique_lock guard{mutex_};
  if (concluded_)
    return false;
  force_ = grace;
  draining_ = true;
  auto all = leaving_;
  all.insert(all.end(), arriving_.begin(), arriving_.end());
  for (auto& x : members_)
    all.push_back(x->slot);
  guard.unlock();
  for (auto& x : all)
    x->terminate(grace);
  return true;
}

// It died too often, or its actor wanted to end: what it leaves goes to the others.
void actor_pool::slot_over(uint32_t number, const caf::error& reason, std::vector<supervision::ledger::entry> unbegun) {
  std::unique_ptr<member> gone; // both outlive the guard
  std::vector<caf::tracing_data_ptr> marks;
  std::unique_lock guard{mutex_};
  std::erase_if(leaving_, [&](auto& x) { return x->number() == number; });
  auto i = std::find_if(members_.begin(), members_.end(), [&](auto& x) { return x->slot->number() == number; });
  auto last = i != members_.end() && members_.size() == 1;
  auto given_up = i != members_.end() && !over_ && reason == errc::restarts_exhausted;
  auto others = members_.size() - (i != members_.end() ? 1 : 0);
  given_up_ += given_up ? 1 : 0;
  if (over_ || last) {
    guard.unlock();
    if (given_up)
      tell_given_up(number, reason, 0);
    finish(reason ? reason : caf::make_error(caf::exit_reason::user_shutdown));
    refuse_all(unbegun);
    guard.lock();
    std::erase_if(leaving_, [&](auto& x) { return x->number() == number; });
    guard.unlock();
    conclude();
    return;
  }
  if (i != members_.end()) {
    gone = std::move(*i);
    members_.erase(i);
    --workers_max_;
  }
  auto next = next_to_recycle(number);
  rehome_keys(number);
  give_back(std::move(unbegun), marks);
  if (gone)
    for (auto& line : gone->own.messages)
      for (auto& x : line)
        queue_for(x.key).of(*x.what).push_back(std::move(x));
  move_all_soon();
  guard.unlock();
  if (given_up)
    tell_given_up(number, reason, others);
  if (next)
    next->recycle();
}

void actor_pool::tell_given_up(uint32_t number, const caf::error& reason, size_t left) const {
  auto what = left > 0 ? "goes on with " + size_text(left) : std::string{"ends: its last member was given up"};
  if (left == 0) // that a member was given up, its slot has told
    tell(supervision_incident::gave_up, number, what);
  host_.log("bulkhead: pool " + options_.name + " " + what + ". " + to_string(reason));
}

} // namespace bulkhead::runtime
