#include "bulkhead/runtime/parked_messages.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace bulkhead::runtime {

bool parked_messages::is_full(const queue& what) const noexcept {
  return what.items.size() >= limits_.messages_max || what.bytes >= limits_.bytes_max;
}

bool parked_messages::drop_oldest(queue& from, message& dropped) {
  auto is_data = [](const message& x) { return x.what->mid.is_async(); };
  auto i = std::find_if(from.items.begin(), from.items.end(), is_data);
  if (i == from.items.end())
    return false;
  from.bytes -= i->bytes;
  dropped = std::move(*i);
  from.items.erase(i);
  return true;
}

bool parked_messages::empty() const {
  if (count_ == 0)
    return true;
  std::lock_guard guard{mutex_};
  return std::all_of(queues_.begin(), queues_.end(), [](auto& x) { return x.second.items.empty(); });
}

bool parked_messages::wait_for(const wire_address& target) const {
  if (count_ == 0)
    return false;
  std::lock_guard guard{mutex_};
  return queues_.contains(target);
}

void parked_messages::park(const wire_address& target, message item) {
  std::lock_guard guard{mutex_};
  queues_[target].push_back(std::move(item));
  count_ = queues_.size();
}

parked_messages::outcome parked_messages::park_for_oldest(const wire_address& target, message& item) {
  message dropped; // outlives the guard: its destruction may send
  std::lock_guard guard{mutex_};
  auto& waiting = queues_[target];
  count_ = queues_.size();
  auto result = outcome::parked;
  if (is_full(waiting)) {
    result = outcome::dropped;
    if (!drop_oldest(waiting, dropped)) {
      if (!item.what->mid.is_async())
        return outcome::refused;
      dropped = std::move(item); // only requests wait: this one is the oldest of its kind
      return result;
    }
  }
  waiting.push_back(std::move(item));
  return result;
}

std::vector<wire_address> parked_messages::targets() const {
  std::vector<wire_address> result;
  std::lock_guard guard{mutex_};
  for (auto& [target, waiting] : queues_)
    result.push_back(target);
  return result;
}

// A queue stays while its last message is on its way, so that a newer one waits behind it.
bool parked_messages::take(const wire_address& target, message& item) {
  std::lock_guard guard{mutex_};
  auto i = queues_.find(target);
  if (i == queues_.end())
    return false;
  if (i->second.items.empty()) {
    queues_.erase(i);
    count_ = queues_.size();
    return false;
  }
  item = std::move(i->second.items.front());
  i->second.items.pop_front();
  i->second.bytes -= item.bytes;
  return true;
}

void parked_messages::put_back(const wire_address& target, message item) {
  std::lock_guard guard{mutex_};
  auto& waiting = queues_[target];
  waiting.bytes += item.bytes;
  waiting.items.push_front(std::move(item));
  count_ = queues_.size();
}

std::vector<caf::strong_actor_ptr>
parked_messages::drop_if(const std::function<bool(const caf::mailbox_element&)>& is_unwanted) {
  std::vector<message> dropped; // outlives the guard: its destruction may send
  std::vector<caf::strong_actor_ptr> result;
  if (count_ == 0)
    return result;
  std::lock_guard guard{mutex_};
  for (auto& [target, waiting] : queues_)
    std::erase_if(waiting.items, [&, &from = waiting](message& x) {
      if (!is_unwanted(*x.what))
        return false;
      from.bytes -= x.bytes;
      dropped.push_back(std::move(x));
      return true;
    });
  for (auto& x : dropped)
    if (x.what->sender && !has_any_of(x.what->sender))
      result.push_back(x.what->sender);
  return result;
}

// Under the mutex.
bool parked_messages::has_any_of(const caf::strong_actor_ptr& sender) const {
  auto is_from = [&](const message& x) { return x.what->sender == sender; };
  return std::any_of(queues_.begin(), queues_.end(),
                     [&](auto& x) { return std::any_of(x.second.items.begin(), x.second.items.end(), is_from); });
}

std::vector<parked_messages::message> parked_messages::take_all(const wire_address& target) {
  std::vector<message> result;
  std::lock_guard guard{mutex_};
  auto i = queues_.find(target);
  if (i == queues_.end())
    return result;
  std::move(i->second.items.begin(), i->second.items.end(), std::back_inserter(result));
  queues_.erase(i);
  count_ = queues_.size();
  return result;
}

std::vector<parked_messages::message> parked_messages::take_all() {
  std::vector<message> result;
  std::lock_guard guard{mutex_};
  for (auto& [target, waiting] : queues_)
    std::move(waiting.items.begin(), waiting.items.end(), std::back_inserter(result));
  queues_.clear();
  count_ = 0;
  return result;
}

} // namespace bulkhead::runtime
