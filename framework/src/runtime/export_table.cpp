#include "bulkhead/runtime/export_table.hpp"

#include <algorithm>

namespace bulkhead::runtime {

bool export_table::note(const wire_address& who, const caf::strong_actor_ptr& actor, transport::process_number peer,
                        const transport::record_counts& number, bool may_be_passed_on) {
  std::lock_guard guard{mutex_};
  auto& known = entries_[who];
  auto first = known.actor == nullptr;
  if (first) {
    known.actor = actor;
    registry_.pin(actor);
  }
  for (auto& x : known.holders)
    if (x.peer == peer) {
      x.last = number;
      x.to_pass_on += may_be_passed_on ? 1 : 0;
      return first;
    }
  known.holders.push_back({peer, number, may_be_passed_on ? uint64_t{1} : 0});
  return first;
}

bool export_table::holds(const wire_address& who, transport::process_number peer) const {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(who);
  return i != entries_.end()
         && std::any_of(i->second.holders.begin(), i->second.holders.end(), [=](auto& x) { return x.peer == peer; });
}

bool export_table::spend(const wire_address& who, transport::process_number peer) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(who);
  if (i == entries_.end())
    return false;
  for (auto& x : i->second.holders)
    if (x.peer == peer && x.to_pass_on > 0) {
      --x.to_pass_on;
      return true;
    }
  return false;
}

caf::strong_actor_ptr export_table::release(const wire_address& who, transport::process_number peer,
                                            const transport::record_counts& read) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(who);
  if (i == entries_.end())
    return nullptr;
  std::erase_if(i->second.holders,
                [&](auto& x) { return x.peer == peer && x.last.data <= read.data && x.last.urgent <= read.urgent; });
  if (!i->second.holders.empty())
    return nullptr;
  auto result = std::move(i->second.actor);
  entries_.erase(i);
  registry_.unpin(result);
  return result;
}

void export_table::unpin_unless_held(const wire_address& who, const caf::strong_actor_ptr& actor) {
  std::lock_guard guard{mutex_};
  if (!entries_.contains(who))
    registry_.unpin(actor);
}

std::vector<caf::strong_actor_ptr> export_table::forget(transport::process_number peer) {
  std::vector<caf::strong_actor_ptr> result;
  std::lock_guard guard{mutex_};
  for (auto i = entries_.begin(); i != entries_.end();) {
    std::erase_if(i->second.holders, [=](auto& x) { return x.peer == peer; });
    if (i->second.holders.empty()) {
      registry_.unpin(i->second.actor);
      result.push_back(std::move(i->second.actor));
      entries_.erase(i++);
    } else {
      ++i;
    }
  }
  return result;
}

void export_table::ended(const wire_address& who, const caf::error& reason) {
  caf::strong_actor_ptr dropped; // outlives the guard: it may be the last reference
  std::lock_guard guard{mutex_};
  if (auto i = entries_.find(who); i != entries_.end()) {
    dropped = std::move(i->second.actor);
    entries_.erase(i);
    registry_.unpin(dropped);
  }
  if (tombstones_.size() >= tombstones_max)
    tombstones_.pop_front();
  tombstones_.push_back({who, reason});
}

std::optional<caf::error> export_table::reason_of(const wire_address& who) const {
  std::lock_guard guard{mutex_};
  auto i = std::find_if(tombstones_.rbegin(), tombstones_.rend(), [&](auto& x) { return x.who == who; });
  if (i == tombstones_.rend())
    return std::nullopt;
  return i->reason;
}

size_t export_table::size() const {
  std::lock_guard guard{mutex_};
  return entries_.size();
}

} // namespace bulkhead::runtime
