#include "bulkhead/runtime/end_reports.hpp"

#include <caf/abstract_actor.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

end_reports::end_reports(report_function report) : report_(std::move(report)) {
  // nop
}

// The observer is attached outside of the mutex: an actor that has ended calls it at once.
void end_reports::add(const wire_address& who, const caf::strong_actor_ptr& actor, transport::process_number peer) {
  {
    std::lock_guard guard{mutex_};
    auto [entry, is_new] = entries_.try_emplace(who);
    auto& peers = entry->second;
    if (std::find(peers.begin(), peers.end(), peer) == peers.end())
      peers.push_back(peer);
    if (!is_new)
      return;
  }
  actor->get()->attach_functor([weak = weak_from_this(), who](const caf::error& reason) {
    if (auto self = weak.lock())
      self->ended(who, reason);
  });
}

void end_reports::forget(transport::process_number peer) {
  std::lock_guard guard{mutex_};
  for (auto& [who, peers] : entries_)
    std::erase(peers, peer);
}

size_t end_reports::size() const {
  std::lock_guard guard{mutex_};
  size_t result = 0;
  for (auto& [who, peers] : entries_)
    result += peers.size();
  return result;
}

void end_reports::ended(const wire_address& who, const caf::error& reason) {
  peer_list peers;
  {
    std::lock_guard guard{mutex_};
    auto i = entries_.find(who);
    if (i == entries_.end())
      return;
    peers = std::move(i->second);
    entries_.erase(i);
  }
  report_(who, reason, peers);
}

} // namespace bulkhead::runtime
