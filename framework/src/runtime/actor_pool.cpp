// The messages of a pool: who gets them, and where they wait.

#include "bulkhead/runtime/actor_pool.hpp"

#include "bulkhead/runtime/caf_pool.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"

#include <caf/sec.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// Names the queue of all members, as others are named by their member.
constexpr uint32_t common_queue = UINT32_MAX;

/// So many messages are moved before other work has its turn.
constexpr size_t moved_at_once_max = 256;

supervision::time_point now() noexcept {
  return std::chrono::steady_clock::now();
}

} // namespace

actor_pool::waiting_message actor_pool::queue::pop() {
  auto& from = messages[messages[0].empty() ? 1 : 0];
  auto result = std::move(from.front());
  from.pop_front();
  return result;
}

bool actor_pool::keyed() const noexcept {
  return options_.how == dispatch::by_key || options_.how == dispatch::by_sender;
}

// Empty if the application's function throws.
std::optional<uint64_t> actor_pool::key_of(const caf::mailbox_element& what) const {
  if (options_.how == dispatch::by_key) {
    try {
      return options_.key(what.payload);
    } catch (...) {
      return std::nullopt;
    }
  }
  if (options_.how == dispatch::by_sender && what.sender)
    return what.sender->aid ^ (uint64_t{std::hash<caf::node_id>{}(what.sender->nid)} << 1);
  return 0;
}

// -- who gets it --------------------------------------------------------------

actor_pool::member* actor_pool::find(uint32_t number) noexcept {
  auto i = std::find_if(members_.begin(), members_.end(), [&](auto& x) { return x->slot->number() == number; });
  return i != members_.end() ? i->get() : nullptr;
}

actor_pool::member& actor_pool::owner_of(uint64_t key) {
  if (auto i = claims_.find(key); i != claims_.end())
    return *find(i->second.member);
  return *members_[supervision::rendezvous(key, numbers_of_members())];
}

std::vector<uint32_t> actor_pool::numbers_of_members() const {
  std::vector<uint32_t> result;
  result.reserve(members_.size());
  for (auto& x : members_)
    result.push_back(x->slot->number());
  return result;
}

actor_pool::queue& actor_pool::queue_for(uint64_t key) {
  return keyed() ? owner_of(key).own : common_;
}

actor_pool::member* actor_pool::room_in(queue& from) noexcept {
  if (keyed()) {
    auto i = std::find_if(members_.begin(), members_.end(), [&](auto& x) { return &x->own == &from; });
    auto& load = (*i)->load;
    return load.takes && load.taken < options_.prefetch_max ? i->get() : nullptr;
  }
  loads_.clear();
  for (auto& x : members_)
    loads_.push_back(x->load);
  auto found = options_.how == dispatch::round_robin ? supervision::next_in_turn(loads_, last_turn_, options_.prefetch_max)
                                                     : supervision::least_loaded(loads_, options_.prefetch_max);
  if (!found)
    return nullptr;
  last_turn_ = *found;
  return members_[*found].get();
}

actor_pool::delivery actor_pool::give(member& to, caf::mailbox_element_ptr what, uint64_t key) {
  ++to.load.taken;
  ++taken_;
  note_peak();
  return {to.handle, std::move(what), {shared_from_this(), to.slot->number(), key}};
}

void actor_pool::claim_key(uint64_t key, const member& owner) {
  auto& claimed = claims_[key];
  claimed.member = owner.slot->number();
  ++claimed.messages;
}

void actor_pool::release_key(uint64_t key) noexcept {
  if (auto i = claims_.find(key); i != claims_.end() && --i->second.messages == 0)
    claims_.erase(i);
}

bool actor_pool::enqueue(const caf::strong_actor_ptr& handle, caf::mailbox_element_ptr what, caf::execution_unit* context) {
  if (auto types = what->payload.types(); types.size() == 1 && types[0] == caf::type_id_v<caf::exit_msg>)
    return exit(*what);
  if (what->mid.is_response())
    return false; // a pool asks nothing
  auto key = key_of(*what);
  if (!key)
    return refuse(*what, caf::make_error(caf::sec::runtime_error, "pool_options::key threw an exception"), context);
  std::unique_lock guard{mutex_};
  if (over_) {
    auto reason = reason_;
    guard.unlock();
    return refuse(*what, link::after_end(reason), context);
  }
  auto& from = queue_for(*key);
  auto to = from.empty() && !from.moving ? room_in(from) : nullptr;
  if (to == nullptr && waiting_ >= options_.waiting_max) {
    guard.unlock();
    return refuse(*what, caf::make_error(errc::mailbox_full, explain(errc::mailbox_full)), context);
  }
  if (keyed())
    claim_key(*key, owner_of(*key));
  if (to != nullptr) {
    auto given = give(*to, std::move(what), *key);
    guard.unlock();
    deliver(std::move(given), context);
    return true;
  }
  if (!held_)
    held_ = handle;
  auto& line = from.of(*what);
  line.push_back({std::move(what), now(), *key});
  ++waiting_;
  note_peak();
  grow_if_needed();
  return true;
}

void actor_pool::deliver(delivery what, caf::execution_unit* context) const {
  what.what->tracing_id = make_pool_mark(std::move(what.where), std::move(what.what->tracing_id));
  (void) what.to->enqueue(std::move(what.what), context != nullptr ? context : &host_.routes().context());
}

bool actor_pool::refuse(const caf::mailbox_element& what, const caf::error& reason, caf::execution_unit* context) const {
  if (what.mid.is_request() && what.sender)
    what.sender->enqueue(caf::make_mailbox_element(nullptr, what.mid.response_id(), {}, reason),
                         context != nullptr ? context : &host_.routes().context());
  else
    host_.note_dropped(1);
  return false;
}

bool actor_pool::exit(caf::mailbox_element& what) {
  auto reason = what.payload.get_as<caf::exit_msg>(0).reason;
  if (!reason)
    return true; // as other actors, it goes on after a normal end of what it is linked to
  std::vector<caf::strong_actor_ptr> all;
  {
    std::lock_guard guard{mutex_};
    for (auto& x : members_)
      all.push_back(x->handle);
  }
  finish(reason);
  for (auto& x : all)
    x->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(caf::message_priority::high), {},
                                         caf::exit_msg{nullptr, reason}),
               &host_.routes().context());
  return true;
}

// -- what was handled, and what waits -----------------------------------------

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
}

// What was given before waits again; in front of all others, unless it has a queue of its own to go to. The marks of the first time
// are destroyed outside of the mutex: they call back.
void actor_pool::give_back(std::vector<supervision::ledger::entry> unbegun, std::vector<caf::tracing_data_ptr>& marks) {
  if (!keyed())
    std::reverse(unbegun.begin(), unbegun.end());
  auto at = now();
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
  result.waiting = waiting_;
  if (auto since = oldest())
    result.longest_wait = now() - *since;
  return result;
}

} // namespace bulkhead::runtime
