#include "bulkhead/runtime/wait_list.hpp"

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/caf_awaited.hpp"
#include "bulkhead/runtime/link.hpp"

#include <utility>

namespace bulkhead::runtime {

void wait_list::add(caf::resumable* job, room_wait what, bool runnable) {
  if (runnable)
    caf::intrusive_ptr_add_ref(job);
  std::lock_guard guard{mutex_};
  all_.push_back({job, std::move(what), ++last_id_, platform::now_ns(), runnable});
  places_[job] = std::prev(all_.end());
  count_ = all_.size();
}

bool wait_list::keeps(caf::resumable* job) {
  if (empty())
    return false;
  std::lock_guard guard{mutex_};
  auto i = places_.find(job);
  if (i == places_.end())
    return false;
  i->second->runnable = true;
  return true;
}

std::vector<caf::resumable*> wait_list::take_exiting() {
  return take_if([](const entry& x) { return x.runnable && exit_is_next(*x.job); });
}

template <class Predicate>
std::vector<caf::resumable*> wait_list::take_if(Predicate ready) {
  entries taken; // outlives the guard: the last reference to an actor or a link may go
  {
    std::lock_guard guard{mutex_};
    for (auto i = all_.begin(); i != all_.end();) {
      auto next = std::next(i);
      if (ready(*i)) {
        places_.erase(i->job);
        taken.splice(taken.end(), all_, i);
      }
      i = next;
    }
    count_ = all_.size();
  }
  std::vector<caf::resumable*> result;
  for (auto& x : taken) {
    if (x.runnable)
      result.push_back(x.job);
    caf::intrusive_ptr_release(x.job);
  }
  return result;
}

std::vector<caf::resumable*> wait_list::take_ready(const link* via) {
  return take_if([via](const entry& x) { return x.what.via.get() == via && via->may_send(x.what.who); });
}

std::vector<caf::resumable*> wait_list::take_of(const link* via, const wire_address& source) {
  return take_if([&](const entry& x) { return x.what.via.get() == via && x.what.who.source == source; });
}

std::vector<caf::resumable*> wait_list::take_all() {
  return take_if([](const entry&) { return true; });
}

std::vector<wait_edge> wait_list::edges(uint64_t least_ns, uint64_t now_ns) const {
  std::vector<wait_edge> result;
  std::lock_guard guard{mutex_};
  for (auto& x : all_)
    if (x.since_ns + least_ns <= now_ns && x.what.via->waits_for_receiver(x.what.who))
      result.push_back({.id = x.id, .waits = x.what.who.source, .on = x.what.who.target});
  return result;
}

} // namespace bulkhead::runtime
