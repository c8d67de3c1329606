#include "child_list.hpp"

#include <algorithm>

namespace bulkhead {

namespace {

/// An end is told twice only of an actor that was linked and died before its start was over, and within microseconds.
constexpr size_t gone_max = 1024;

void keep(std::set<uint64_t>& places, uint64_t place, bool wanted) {
  if (wanted)
    places.insert(place);
  else
    places.erase(place);
}

} // namespace

child_list::child_ptr child_list::add(child_spec spec) {
  auto result = std::make_shared<listed_child>();
  result->status.name = spec.name;
  result->spec = std::move(spec);
  result->place = next_place_++;
  all_.emplace_hint(all_.end(), result->place, result);
  by_name_.emplace(result->status.name, result.get());
  refile(*result);
  return result;
}

void child_list::remove(listed_child& who) {
  clear_handle(who);
  auto place = who.place;
  by_name_.erase(who.status.name);
  doomed_.erase(place);
  starting_.erase(place);
  startable_.erase(place);
  all_.erase(place);
}

child_list::child_ptr child_list::at(uint64_t place) const {
  return all_.find(place)->second;
}

child_list::child_ptr child_list::find(std::string_view name) const {
  auto found = by_name_.find(name);
  return found != by_name_.end() ? at(found->second->place) : nullptr;
}

child_list::child_ptr child_list::find(const caf::actor_addr& address) const {
  if (!address)
    return nullptr;
  auto found = by_address_.find(address);
  return found != by_address_.end() ? at(found->second->place) : nullptr;
}

bool child_list::was_child(const caf::actor_addr& address) const noexcept {
  return address && std::any_of(gone_.begin(), gone_.end(), [&](auto& x) {
           return x.first == address.id() && x.second == address.node();
         });
}

void child_list::set_handle(listed_child& who, caf::actor handle) {
  who.status.handle = std::move(handle);
  by_address_.emplace(who.status.handle.address(), &who);
  refile(who);
}

void child_list::clear_handle(listed_child& who) {
  if (!who.status.handle)
    return;
  auto address = who.status.handle.address();
  by_address_.erase(address);
  gone_.emplace_back(address.id(), address.node());
  if (gone_.size() > gone_max)
    gone_.pop_front();
  who.status.handle = nullptr;
  refile(who);
}

void child_list::refile(const listed_child& who) {
  if (!all_.contains(who.place))
    return; // it has gone just now
  auto starting = who.status.state == child_state::starting;
  keep(doomed_, who.place, who.doomed);
  keep(starting_, who.place, starting);
  keep(startable_, who.place, starting && !who.in_flight && !who.status.handle && !who.doomed);
}

child_list::child_ptr child_list::last_doomed() const {
  return doomed_.empty() ? nullptr : at(*doomed_.rbegin());
}

child_list::child_ptr child_list::first_starting() const {
  return starting_.empty() ? nullptr : at(*starting_.begin());
}

std::vector<child_list::child_ptr> child_list::startable() const {
  std::vector<child_ptr> result;
  result.reserve(startable_.size());
  for (auto place : startable_)
    result.push_back(at(place));
  return result;
}

std::map<uint64_t, child_list::child_ptr> child_list::release() {
  doomed_.clear();
  starting_.clear();
  startable_.clear();
  by_name_.clear();
  by_address_.clear();
  return std::exchange(all_, {});
}

} // namespace bulkhead
