#include "bulkhead/runtime/crowded_receivers.hpp"

namespace bulkhead::runtime {

void crowded_receivers::note(const wire_address& target, uint64_t handled, uint64_t now_ns) {
  std::lock_guard guard{mutex_};
  receivers_.try_emplace(target, state{handled, now_ns, false});
  count_ = receivers_.size();
}

void crowded_receivers::give_up(const wire_address& target) {
  std::lock_guard guard{mutex_};
  if (auto i = receivers_.find(target); i != receivers_.end())
    i->second.given_up = true;
}

bool crowded_receivers::given_up(const wire_address& target) const {
  if (empty())
    return false;
  std::lock_guard guard{mutex_};
  auto i = receivers_.find(target);
  return i != receivers_.end() && i->second.given_up;
}

std::vector<wire_address> crowded_receivers::all() const {
  std::vector<wire_address> result;
  std::lock_guard guard{mutex_};
  for (auto& [target, x] : receivers_)
    result.push_back(target);
  return result;
}

void crowded_receivers::forgive(uint64_t lost_ns) {
  std::lock_guard guard{mutex_};
  for (auto& [target, x] : receivers_)
    x.since_ns += lost_ns;
}

bool crowded_receivers::is_slow(const wire_address& target, uint64_t handled, bool crowded, uint64_t slow_after_ns,
                                uint64_t now_ns) {
  std::lock_guard guard{mutex_};
  auto i = receivers_.find(target);
  if (i == receivers_.end())
    return false;
  if (!crowded) {
    receivers_.erase(i);
    count_ = receivers_.size();
    return false;
  }
  auto& x = i->second;
  if (handled != x.handled) {
    x = {handled, now_ns, false};
    return false;
  }
  if (x.given_up || slow_after_ns == 0 || now_ns < x.since_ns + slow_after_ns)
    return false;
  x.given_up = true;
  return true;
}

} // namespace bulkhead::runtime
