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

parked_messages::outcome parked_messages::park(const wire_address& target, message& item, bool at_any_rate) {
  message dropped; // outlives the guard: its destruction may send
  std::lock_guard guard{mutex_};
  auto i = queues_.find(target);
  if (i == queues_.end()) {
    if (!at_any_rate)
      return outcome::none;
    i = queues_.try_emplace(target).first;
  }
  auto& waiting = i->second;
  auto result = outcome::parked;
  if (is_full(waiting)) {
    if (!drop_oldest(waiting, dropped)) {
      if (!item.what->mid.is_async())
        return outcome::refused;
      // Only requests wait: this one is the oldest of its kind.
      dropped = std::move(item);
      return outcome::parked_for_another;
    }
    result = outcome::parked_for_another;
  }
  waiting.bytes += item.bytes;
  waiting.items.push_back(std::move(item));
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
}

std::vector<parked_messages::message> parked_messages::take_all() {
  std::vector<message> result;
  std::lock_guard guard{mutex_};
  for (auto& [target, waiting] : queues_)
    result.insert(result.end(), std::make_move_iterator(waiting.items.begin()), std::make_move_iterator(waiting.items.end()));
  queues_.clear();
  return result;
}

} // namespace bulkhead::runtime
