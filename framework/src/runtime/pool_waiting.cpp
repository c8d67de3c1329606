// The messages of a pool: what waits in it, and what becomes of that.

#include "bulkhead/runtime/actor_pool.hpp"
#include "bulkhead/runtime/caf_pool.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// Names the queue of all members, as others are named by their member.
constexpr uint32_t common_queue = UINT32_MAX;

/// So many messages are moved before other work has its turn.
constexpr size_t moved_at_once_max = 256;

} // namespace

void actor_pool::note_peak() noexcept {
  peak_ = std::max(peak_, taken_ + waiting_);
}

void actor_pool::handled(uint32_t number, uint64_t key) {
  std::lock_guard guard{mutex_};
  --taken_;
  release_key(key);
  auto by = find(number);
  if (by != nullptr)
    --by->load.taken;
  if (over_)
    return;
  if (!keyed())
    move_soon(common_, common_queue);
  else if (by != nullptr)
    move_soon(by->own, number);
}

// Not at once: this may be called from inside of a link.
void actor_pool::move_soon(queue& from, uint32_t name) {
  if (from.empty() || std::exchange(from.moving, true))
    return;
  host_.post([self = shared_from_this(), name] { self->move(name); });
}

void actor_pool::move_all_soon() {
  move_soon(common_, common_queue);
  for (auto& x : members_)
    move_soon(x->own, x->slot->number());
}

void actor_pool::move(uint32_t name) {
  for (size_t moved = 0;; ++moved) {
    caf::strong_actor_ptr dropped; // outlives the guard
    std::unique_lock guard{mutex_};
    auto owner = name != common_queue ? find(name) : nullptr;
    if (over_ || (name != common_queue && owner == nullptr))
      return;
    auto& from = owner != nullptr ? owner->own : common_;
    from.moving = false;
    if (from.empty())
      return;
    auto to = room_in(from);
    if (to == nullptr)
      return;
    if (moved == moved_at_once_max) {
      move_soon(from, name);
      return;
    }
    from.moving = true; // who sends meanwhile must not overtake
    auto next = from.pop();
    if (--waiting_ == 0)
      dropped = std::move(held_);
    auto given = give(*to, std::move(next.what), next.key);
    guard.unlock();
    deliver(std::move(given), nullptr);
  }
}

bool actor_pool::takes_back() const noexcept {
  return !keyed();
}

void actor_pool::take_back(std::vector<supervision::ledger::entry> unbegun) {
  if (unbegun.empty())
    return;
  std::vector<caf::tracing_data_ptr> marks; // outlive the guard
  std::unique_lock guard{mutex_};
  if (over_) {
    guard.unlock();
    refuse_all(unbegun);
    return;
  }
  give_back(std::move(unbegun), marks);
  move_all_soon();
  grow_if_needed();
}

// What was given before waits again; in front of all others, unless it has a queue of its own to go to. The marks of the first time
// are destroyed outside of the mutex: they call back.
void actor_pool::give_back(std::vector<supervision::ledger::entry> unbegun, std::vector<caf::tracing_data_ptr>& marks) {
  if (!keyed())
    std::reverse(unbegun.begin(), unbegun.end());
  auto at = std::chrono::steady_clock::now();
  for (auto& x : unbegun) {
    auto booking = pool_booking_of(x.mark.get());
    auto key = booking != nullptr ? booking->key : 0;
    auto what = caf::make_mailbox_element(std::move(x.sender), x.mid, std::move(x.stages), std::move(x.content));
    what->tracing_id = take_beneath(x.mark.get());
    marks.push_back(std::move(x.mark));
    if (keyed())
      claim_key(key, owner_of(key));
    auto& line = queue_for(key).of(*what);
    line.insert(keyed() ? line.end() : line.begin(), waiting_message{std::move(what), at, key});
    ++waiting_;
  }
  if (!held_ && waiting_ > 0)
    held_ = handle_.lock();
}

void actor_pool::refuse_all(const std::vector<supervision::ledger::entry>& all) const {
  for (auto& x : all)
    (void) refuse(caf::mailbox_element{x.sender, x.mid, {}, {}}, link::after_end(reason_), nullptr);
}

void actor_pool::lapse(const request_set& over) {
  std::vector<waiting_message> dropped; // both outlive the guard
  caf::strong_actor_ptr held;
  std::lock_guard guard{mutex_};
  if (waiting_ == 0)
    return;
  auto drop_from = [&](queue& from) {
    for (auto& line : from.messages)
      std::erase_if(line, [&](waiting_message& x) {
        auto key = host_.routes().key_of(x.what->sender, x.what->mid);
        if (!key || !over.contains(*key))
          return false;
        release_key(x.key);
        dropped.push_back(std::move(x));
        return true;
      });
  };
  drop_from(common_);
  for (auto& x : members_)
    drop_from(x->own);
  waiting_ -= dropped.size();
  if (waiting_ == 0)
    held = std::move(held_);
}

bool actor_pool::is_at(const wire_address& who) const {
  std::lock_guard guard{mutex_};
  return handle_ && who == wire_address{transport::host_process, handle_->aid};
}

std::vector<wire_address> actor_pool::takers_of(const request_key& key) const {
  auto holds_key = [&](const queue& from) {
    return std::any_of(from.messages.begin(), from.messages.end(), [&](auto& line) {
      return std::any_of(line.begin(), line.end(),
                         [&](auto& x) { return host_.routes().key_of(x.what->sender, x.what->mid) == key; });
    });
  };
  std::vector<wire_address> result;
  std::lock_guard guard{mutex_};
  if (starting_ > 0 || (!keyed() && members_.size() < workers_max_ && !rolls_out_))
    return result;
  auto in_common = holds_key(common_);
  for (auto& x : members_)
    if (in_common || holds_key(x->own))
      if (auto who = host_.routes().address_of(*x->handle))
        result.push_back(*who);
  return result;
}

// Its keys belong to other members from now on.
void actor_pool::rehome_keys(uint32_t gone) {
  auto numbers = numbers_of_members();
  for (auto& [key, claimed] : claims_)
    if (claimed.member == gone)
      claimed.member = numbers[supervision::rendezvous(key, numbers)];
}

std::optional<supervision::time_point> actor_pool::oldest() const noexcept {
  std::optional<time_point> result;
  auto look = [&](const queue& x) {
    for (auto& line : x.messages)
      if (!line.empty() && (!result || line.front().since < *result))
        result = line.front().since;
  };
  look(common_);
  for (auto& x : members_)
    look(x->own);
  return result;
}

pool_status actor_pool::status() const {
  std::lock_guard guard{mutex_};
  pool_status result;
  for (auto& x : members_)
    result.members.push_back({x->slot->number(), x->load.takes, x->load.taken});
  result.starting = starting_;
  result.given_up = given_up_;
  result.ended = reason_;
  result.waiting = waiting_;
  if (auto since = oldest())
    result.longest_wait = std::chrono::steady_clock::now() - *since;
  return result;
}

} // namespace bulkhead::runtime
