// The messages of a pool: who gets them.

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
  auto found = options_.how == dispatch::round_robin
                 ? supervision::next_in_turn(loads_, last_turn_, options_.prefetch_max)
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

bool actor_pool::enqueue(const caf::strong_actor_ptr& handle, caf::mailbox_element_ptr what,
                         caf::execution_unit* context) {
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
  if (draining_) {
    guard.unlock();
    return refuse(*what, caf::make_error(errc::shutting_down), context);
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
  line.push_back({std::move(what), std::chrono::steady_clock::now(), *key});
  ++waiting_;
  note_peak();
  grow_if_needed();
  return true;
}

void actor_pool::deliver(delivery what, caf::execution_unit* context) const {
  what.what->tracing_id = make_pool_mark(std::move(what.where), std::move(what.what->tracing_id));
  (void) what.to->enqueue(std::move(what.what), context != nullptr ? context : &host_.routes().context());
}

bool actor_pool::refuse(const caf::mailbox_element& what, const caf::error& reason,
                        caf::execution_unit* context) const {
  if (what.mid.is_request() && what.sender)
    what.sender->enqueue(caf::make_mailbox_element(nullptr, what.mid.response_id(), {}, reason),
                         context != nullptr ? context : &host_.routes().context());
  else
    host_.note_dropped(1);
  return false;
}

} // namespace bulkhead::runtime
