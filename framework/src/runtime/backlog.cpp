#include "bulkhead/runtime/backlog.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

constexpr uint64_t share_factor = 8;

constexpr uint64_t full_factor = 2;

uint64_t left(uint64_t used, uint64_t limit) noexcept {
  return limit > used ? limit - used : 0;
}

uint64_t ticket_of(size_t index, uint32_t generation) noexcept {
  return (uint64_t{generation} << 32) | index;
}

} // namespace

bool backlog::at(const account& what, const backlog_limits& limits, uint64_t times) noexcept {
  return what.messages >= limits.messages_max * times || what.bytes >= limits.bytes_max * times;
}

// A part that is the whole may take it all but for the ninth; the last message of a small limit is nobody's to reserve.
bool backlog::takes_all(const account& part, const account& whole, const backlog_limits& limits) noexcept {
  return part.messages > share_factor * left(whole.messages, limits.messages_max)
         || part.bytes > share_factor * left(whole.bytes, limits.bytes_max);
}

backlog::room backlog::room_for(const account& target, const account& pair) const noexcept {
  if (at(target, each_limits_, full_factor) || at(all_, all_limits_, full_factor))
    return room::full;
  auto crowded = at(target, each_limits_, 1) || at(all_, all_limits_, 1) || takes_all(pair, target, each_limits_)
                 || takes_all(target, all_, all_limits_);
  return crowded ? room::crowded : room::free;
}

backlog::room backlog::room_for(const flow& who) const {
  std::lock_guard guard{mutex_};
  auto target = targets_.find(who.target);
  if (target == targets_.end())
    return room_for(account{}, account{});
  auto pair = pairs_.find(who);
  return room_for(target->second, pair != pairs_.end() ? pair->second : account{});
}

bool backlog::waits_for_receiver(const flow& who) const {
  std::lock_guard guard{mutex_};
  auto target = targets_.find(who.target);
  if (target == targets_.end())
    return false;
  auto pair = pairs_.find(who);
  return at(target->second, each_limits_, 1)
         || (pair != pairs_.end() && takes_all(pair->second, target->second, each_limits_));
}

bool backlog::presses(const wire_address& target) const {
  std::lock_guard guard{mutex_};
  auto i = targets_.find(target);
  return i != targets_.end() && (i->second.pressing || all_.pressing);
}

void backlog::press(account& what, const backlog_limits& limits) noexcept {
  if (what.pressing || (2 * what.messages < limits.messages_max && 2 * what.bytes < limits.bytes_max))
    return;
  what.pressing = true;
  ++pressing_;
}

void backlog::relieve(account& what, const backlog_limits& limits) noexcept {
  if (!what.pressing
      || (what.messages > 0 && (4 * what.messages >= limits.messages_max || 4 * what.bytes >= limits.bytes_max)))
    return;
  what.pressing = false;
  --pressing_;
}

backlog::entrance backlog::enter(const flow& who, uint64_t bytes, room most, caf::tracing_data_ptr& mark) {
  std::lock_guard guard{mutex_};
  auto& target = targets_[who.target];
  auto& pair = pairs_[who];
  auto found = room_for(target, pair);
  if (found > most) {
    if (pair.messages == 0)
      pairs_.erase(who);
    if (target.messages == 0)
      targets_.erase(who.target);
    return {found};
  }
  if (free_.empty()) {
    slots_.emplace_back();
    free_.push_back(static_cast<uint32_t>(slots_.size() - 1));
  }
  auto index = free_.back();
  free_.pop_back();
  auto& s = slots_[index];
  s.who = who;
  s.bytes = bytes + message_overhead_bytes;
  passes_on_ |= mark != nullptr;
  s.mark = std::move(mark);
  s.used = true;
  for (auto x : {&target, &pair, &all_})
    x->add(s.bytes);
  press(target, each_limits_);
  press(all_, all_limits_);
  entrance result{found, ticket_of(index, s.generation)};
  auto wanted = pressing_ > 0 || passes_on_;
  result.demand = wanted && !std::exchange(demanded_, wanted);
  return result;
}

std::optional<backlog::handled> backlog::leave(uint64_t ticket) {
  std::lock_guard guard{mutex_};
  auto index = static_cast<uint32_t>(ticket);
  if (index >= slots_.size())
    return std::nullopt;
  auto& s = slots_[index];
  if (!s.used || s.generation != static_cast<uint32_t>(ticket >> 32))
    return std::nullopt;
  handled result{std::move(s.mark)};
  s.used = false;
  s.generation = std::max(s.generation + 1, uint32_t{1}); // a ticket is never 0
  free_.push_back(index);
  auto target = targets_.find(s.who.target);
  auto pair = pairs_.find(s.who);
  for (auto x : {&target->second, &pair->second, &all_})
    x->subtract(s.bytes);
  relieve(target->second, each_limits_);
  relieve(all_, all_limits_);
  if (pair->second.messages == 0)
    pairs_.erase(pair);
  if (target->second.messages == 0)
    targets_.erase(target);
  result.no_demand = pressing_ == 0 && !passes_on_ && std::exchange(demanded_, false);
  return result;
}

uint64_t backlog::handled_by(const wire_address& target) const {
  std::lock_guard guard{mutex_};
  auto i = targets_.find(target);
  return i != targets_.end() ? i->second.handled : 0;
}

backlog::amount backlog::waiting_for(const wire_address& target) const {
  std::lock_guard guard{mutex_};
  auto i = targets_.find(target);
  return i != targets_.end() ? amount{i->second} : amount{};
}

std::vector<caf::tracing_data_ptr> backlog::clear() {
  std::vector<caf::tracing_data_ptr> result;
  std::lock_guard guard{mutex_};
  for (auto& s : slots_)
    if (s.mark)
      result.push_back(std::move(s.mark));
  slots_.clear();
  free_.clear();
  targets_.clear();
  pairs_.clear();
  all_ = {};
  pressing_ = 0;
  demanded_ = false;
  return result;
}

} // namespace bulkhead::runtime
