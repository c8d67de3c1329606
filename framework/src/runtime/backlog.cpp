#include "bulkhead/runtime/backlog.hpp"

#include <algorithm>
#include <initializer_list>
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

template <class Key, class Hash, class Account>
Account* backlog::account_table<Key, Hash, Account>::find(const Key& key) noexcept {
  if (last_ < accounts_.size() && accounts_[last_].key == key)
    return &accounts_[last_].value;
  auto i = places_.find(key);
  if (i == places_.end())
    return nullptr;
  last_ = i->second;
  return &accounts_[last_].value;
}

template <class Key, class Hash, class Account>
uint32_t backlog::account_table<Key, Hash, Account>::open(const Key& key) {
  if (find(key) != nullptr)
    return last_;
  if (places_.size() >= sweep_at_)
    sweep();
  if (free_.empty()) {
    accounts_.emplace_back();
    free_.push_back(static_cast<uint32_t>(accounts_.size() - 1));
  }
  places_.emplace(key, free_.back());
  last_ = free_.back();
  free_.pop_back();
  accounts_[last_] = {key, {}};
  return last_;
}

template <class Key, class Hash, class Account>
void backlog::account_table<Key, Hash, Account>::sweep() {
  boost::unordered::erase_if(places_, [this](auto& x) {
    auto& what = accounts_[x.second];
    if (what.value.messages > 0)
      return false;
    what.key = {};
    free_.push_back(x.second);
    return true;
  });
  sweep_at_ = std::max(swept_at_least, 2 * places_.size());
}

template <class Key, class Hash, class Account>
void backlog::account_table<Key, Hash, Account>::clear() {
  accounts_.clear();
  free_.clear();
  places_.clear();
}

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
  auto pair = pairs_.find(who);
  return room_for(target != nullptr ? *target : account{}, pair != nullptr ? *pair : account{});
}

bool backlog::waits_for_receiver(const flow& who) const {
  std::lock_guard guard{mutex_};
  auto target = targets_.find(who.target);
  auto pair = pairs_.find(who);
  return target != nullptr
         && (at(*target, each_limits_, 1) || (pair != nullptr && takes_all(*pair, *target, each_limits_)));
}

bool backlog::presses(const wire_address& target) const {
  std::lock_guard guard{mutex_};
  auto found = targets_.find(target);
  return found != nullptr && (found->pressing || all_.pressing);
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
  auto place = pairs_.open(who);
  auto& pair = pairs_[place];
  if (pair.messages == 0)
    pair.target = targets_.open(who.target);
  auto& target = targets_[pair.target];
  auto found = room_for(target, pair);
  if (found > most)
    return {found};
  if (free_.empty()) {
    slots_.emplace_back();
    free_.push_back(static_cast<uint32_t>(slots_.size() - 1));
  }
  auto index = free_.back();
  free_.pop_back();
  auto& s = slots_[index];
  s.pair = place;
  s.bytes = waiting_bytes(bytes);
  always_ |= mark != nullptr;
  s.mark = std::move(mark);
  ++s.generation;
  for (auto x : std::initializer_list<account*>{&target, &pair, &all_})
    x->add(s.bytes);
  press(target, each_limits_);
  press(all_, all_limits_);
  return {found, ticket_of(index, s.generation), demand_if_changed()};
}

uint64_t backlog::demand_always() {
  std::lock_guard guard{mutex_};
  always_ = true;
  return demand_if_changed();
}

uint64_t backlog::demand_if_changed() noexcept {
  auto wanted = pressing_ > 0 || always_;
  return wanted == (demand_ % 2 == 1) ? 0 : ++demand_;
}

bool backlog::is_open(uint64_t ticket) const {
  std::lock_guard guard{mutex_};
  return find(ticket) != nullptr;
}

// Under the mutex.
const backlog::slot* backlog::find(uint64_t ticket) const noexcept {
  auto index = static_cast<uint32_t>(ticket);
  auto generation = static_cast<uint32_t>(ticket >> 32);
  if (index >= slots_.size() || generation % 2 == 0 || slots_[index].generation != generation)
    return nullptr;
  return &slots_[index];
}

std::optional<backlog::handled> backlog::leave(std::span<const uint64_t> tickets) {
  handled result;
  std::lock_guard guard{mutex_};
  for (auto ticket : tickets) {
    if (find(ticket) == nullptr)
      return std::nullopt;
    auto index = static_cast<uint32_t>(ticket);
    auto& s = slots_[index];
    if (s.mark)
      result.marks.push_back(std::move(s.mark));
    ++s.generation;
    free_.push_back(index);
    auto& pair = pairs_[s.pair];
    auto& target = targets_[pair.target];
    for (auto x : std::initializer_list<account*>{&target, &pair, &all_})
      x->subtract(s.bytes);
    relieve(target, each_limits_);
    relieve(all_, all_limits_);
  }
  result.demand = demand_if_changed();
  return result;
}

uint64_t backlog::handled_by(const wire_address& target) const {
  std::lock_guard guard{mutex_};
  auto found = targets_.find(target);
  return found != nullptr ? found->handled : 0;
}

backlog::amount backlog::waiting_for(const wire_address& target) const {
  std::lock_guard guard{mutex_};
  auto found = targets_.find(target);
  return found != nullptr ? amount{*found} : amount{};
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
  return result;
}

} // namespace bulkhead::runtime
