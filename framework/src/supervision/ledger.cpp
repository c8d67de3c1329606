#include "bulkhead/supervision/ledger.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::supervision {

namespace {

caf::mailbox_element_ptr copy_of(const ledger::entry& what) {
  return caf::make_mailbox_element(what.sender, what.mid, what.stages, what.content);
}

} // namespace

ledger::entrance ledger::enter(caf::mailbox_element& what, const caf::strong_actor_ptr& handle, place& where) {
  std::lock_guard guard{mutex_};
  if (over_)
    return entrance::over;
  if (shut_)
    return entrance::closed;
  if (!direct_ && waiting_.size() >= waiting_max_)
    return entrance::full;
  if (!handle_)
    handle_ = handle;
  auto number = ++last_number_;
  auto& added = entries_[number];
  added.sender = what.sender;
  added.mid = what.mid;
  added.stages = what.stages;
  added.content = what.payload;
  added.mark = std::move(what.tracing_id);
  if (direct_)
    added.incarnation = incarnation_;
  else
    waiting_.push_back(number);
  where = {number, added.incarnation, 0};
  return direct_ ? entrance::goes : entrance::waits;
}

void ledger::open(uint32_t incarnation) {
  std::lock_guard guard{mutex_};
  if (incarnation <= last_settled_)
    return;
  incarnation_ = incarnation;
  handled_ = 0;
}

std::optional<ledger::delivery> ledger::next(uint32_t incarnation) {
  std::lock_guard guard{mutex_};
  if (incarnation != incarnation_ || over_)
    return std::nullopt;
  if (waiting_.empty()) {
    direct_ = true;
    return std::nullopt;
  }
  auto number = waiting_.front();
  waiting_.pop_front();
  auto& found = entries_.at(number);
  found.incarnation = incarnation;
  found.ticket = 0;
  return delivery{copy_of(found), {number, incarnation, static_cast<uint32_t>(found.deaths.size())}};
}

void ledger::pause() {
  std::lock_guard guard{mutex_};
  incarnation_ = 0;
  direct_ = false;
}

void ledger::booked(const place& where, uint64_t ticket, uint64_t bytes) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(where.number);
  if (i == entries_.end() || i->second.incarnation != where.incarnation)
    return;
  i->second.ticket = ticket;
  i->second.bytes = bytes;
}

// Under the mutex.
ledger::entry ledger::take(uint64_t number, caf::strong_actor_ptr& dropped) {
  auto i = entries_.find(number);
  auto result = std::move(i->second);
  entries_.erase(i);
  if (entries_.empty())
    dropped = std::move(handle_);
  return result;
}

void ledger::handled(const place& where) {
  caf::strong_actor_ptr dropped; // both outlive the guard
  entry done;
  std::lock_guard guard{mutex_};
  if (auto i = entries_.find(where.number); i != entries_.end() && i->second.incarnation == where.incarnation) {
    done = take(where.number, dropped);
    ++handled_;
  }
}

bool ledger::any_begun(const std::function<shm::ticket_state(uint64_t)>& state_of) const {
  using shm::ticket_state;
  std::lock_guard guard{mutex_};
  return std::any_of(entries_.begin(), entries_.end(), [&](auto& x) {
    if (x.second.incarnation == 0 || x.second.ticket == 0)
      return false;
    auto state = state_of(x.second.ticket);
    return state == ticket_state::entered || state == ticket_state::unknown;
  });
}

std::vector<uint64_t> ledger::begun(const std::function<shm::ticket_state(uint64_t)>& state_of) const {
  std::vector<uint64_t> result;
  std::lock_guard guard{mutex_};
  for (auto& [number, x] : entries_)
    if (x.incarnation != 0 && x.ticket != 0 && state_of(x.ticket) == shm::ticket_state::entered)
      result.push_back(number);
  return result;
}

uint64_t ledger::ticket_of(uint64_t number) const {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(number);
  return i != entries_.end() ? i->second.ticket : 0;
}

bool ledger::has_lapsed(uint64_t number) const {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(number);
  return i != entries_.end() && i->second.lapsed;
}

bool ledger::any_lapsed() const {
  std::lock_guard guard{mutex_};
  return std::any_of(entries_.begin(), entries_.end(), [](auto& x) { return x.second.lapsed; });
}

bool ledger::any_delivered() const {
  std::lock_guard guard{mutex_};
  return entries_.size() > waiting_.size();
}

caf::message ledger::content_of(uint64_t number) const {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(number);
  return i != entries_.end() ? i->second.content : caf::message{};
}

bool ledger::outlives(const place& where) const {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(where.number);
  if (i != entries_.end())
    return i->second.incarnation != where.incarnation;
  // Its process is settled, and that process has not got it: then whoever took it out hands it to somebody else.
  return where.number != 0 && where.incarnation <= last_settled_;
}

ledger::settlement ledger::settle(const worker_death& death, const restart_policy& policy,
                                  const std::function<shm::ticket_state(uint64_t)>& state_of,
                                  const std::function<bool(const entry&)>& answered) {
  using shm::ticket_state;
  settlement result;
  caf::strong_actor_ptr dropped; // outlives the guard
  std::lock_guard guard{mutex_};
  incarnation_ = 0;
  last_settled_ = std::max(last_settled_, death.incarnation);
  direct_ = false;
  std::vector<uint64_t> handled;
  std::vector<std::pair<uint64_t, sentence>> lost;
  for (auto& [number, x] : entries_) {
    if (x.incarnation == 0)
      continue;
    auto state = x.ticket == 0 ? ticket_state::untouched : state_of(x.ticket);
    if (state == ticket_state::handled || (x.lapsed && state == ticket_state::untouched)
        || (x.mid.is_request() && state != ticket_state::untouched && answered(x))) {
      handled.push_back(number);
      continue;
    }
    if (state != ticket_state::untouched) {
      x.deaths.push_back(death);
      if (auto verdict = judge(policy, static_cast<uint32_t>(x.deaths.size())); verdict != sentence::retry) {
        lost.emplace_back(number, verdict);
        continue;
      }
    }
    x.incarnation = 0;
    waiting_.push_back(number);
    if (x.mid.is_request())
      result.kept.emplace_back(x.sender, x.mid);
  }
  for (auto number : handled)
    result.closed.push_back(take(number, dropped));
  for (auto& [number, verdict] : lost)
    result.lost.push_back({take(number, dropped), verdict});
  std::sort(waiting_.begin(), waiting_.end());
  return result;
}

std::vector<ledger::entry> ledger::lapse(const std::function<bool(const entry&)>& is_over) {
  std::vector<entry> result;
  caf::strong_actor_ptr dropped; // outlives the guard
  std::lock_guard guard{mutex_};
  auto found = false;
  for (auto& [number, x] : entries_)
    if (x.mid.is_request() && !x.lapsed && is_over(x))
      found = x.lapsed = true;
  if (found)
    std::erase_if(waiting_, [&](uint64_t number) {
      if (!entries_.at(number).lapsed)
        return false;
      result.push_back(take(number, dropped));
      return true;
    });
  return result;
}

std::vector<ledger::entry> ledger::take_unbegun() {
  std::vector<entry> result;
  caf::strong_actor_ptr dropped; // outlives the guard
  std::lock_guard guard{mutex_};
  std::erase_if(waiting_, [&](uint64_t number) {
    if (!entries_.at(number).deaths.empty())
      return false;
    result.push_back(take(number, dropped));
    return true;
  });
  return result;
}

void ledger::shut() {
  std::lock_guard guard{mutex_};
  shut_ = true;
}

ledger::remains ledger::close() {
  remains result;
  caf::strong_actor_ptr dropped; // outlives the guard
  std::lock_guard guard{mutex_};
  over_ = true;
  direct_ = false;
  for (auto number : waiting_)
    result.waiting.push_back(take(number, dropped));
  waiting_.clear();
  for (auto& [number, x] : entries_)
    result.delivered.push_back(std::move(x));
  entries_.clear();
  if (handle_)
    dropped = std::move(handle_);
  return result;
}

size_t ledger::size() const {
  std::lock_guard guard{mutex_};
  return entries_.size();
}

} // namespace bulkhead::supervision
