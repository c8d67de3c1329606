// The messages of a supervised actor: where they go, and what becomes of them when its process dies.

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/caf_ledger_mark.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/system_messages.hpp>

#include <bit>
#include <utility>

namespace bulkhead::runtime {

using supervision::ledger;

namespace {

// CAF counts an actor's requests from 1, and has 60 bits for it. The upper ones name the incarnation.
constexpr unsigned tag_shift = 45;
constexpr uint64_t tag_mask = 0x7fff;

} // namespace

uint64_t supervised_slot::tag() const noexcept {
  return uint64_t{incarnation_ & tag_mask} << tag_shift;
}

caf::message_id supervised_slot::tagged(caf::message_id request) const noexcept {
  return caf::message_id{request.integer_value() | tag()};
}

std::optional<caf::message_id> supervised_slot::untagged(caf::message_id what) const noexcept {
  auto number = what.integer_value();
  if (((number >> tag_shift) & tag_mask) != (incarnation_ & tag_mask))
    return std::nullopt;
  return caf::message_id{number & ~(tag_mask << tag_shift)};
}

// -- routes -------------------------------------------------------------------

supervised_slot::route supervised_slot::the_route() const {
  std::lock_guard guard{mutex_};
  return route_;
}

std::shared_ptr<link> supervised_slot::via() const {
  return the_route().via;
}

void supervised_slot::set_route(std::shared_ptr<link> via) {
  via_address_ = via.get();
  std::lock_guard guard{mutex_};
  std::swap(route_.via, via);
  route_.incarnation = incarnation_;
}

// Under the locks of two actors, as all that the handle does for CAF's links.
void supervised_slot::link_to(const caf::strong_actor_ptr& observer) {
  std::shared_ptr<link> via;
  if (auto who = host_.routes().address_of(*observer)) {
    std::lock_guard guard{mutex_};
    links_[{who->process, who->actor}] = caf::actor_cast<caf::weak_actor_ptr>(observer);
    if (std::has_single_bit(links_.size())) // seldom enough to cost nothing, and often enough for few to be left
      std::erase_if(links_, [](auto& x) { return x.second->strong_refs == 0; });
    via = route_.via;
  }
  if (via)
    via->link_to(address_, observer);
}

void supervised_slot::unlink(const caf::actor_control_block& observer) {
  std::shared_ptr<link> via;
  if (auto who = host_.routes().address_of(observer)) {
    std::lock_guard guard{mutex_};
    links_.erase({who->process, who->actor});
    via = route_.via;
  }
  if (via)
    via->unlink(address_, observer);
}

// -- messages -----------------------------------------------------------------

bool supervised_slot::enqueue(caf_proxy& handle, caf::mailbox_element_ptr what, caf::execution_unit* context) {
  if (auto types = what->payload.types(); types.size() == 1 && types[0] == caf::type_id_v<caf::exit_msg>)
    return order_exit(handle, std::move(what), context);
  auto own = what->mid.is_request() && what->sender.get() == handle.ctrl();
  if (what->mid.is_response() || own) {
    // Of the process that asked: a successor has asked nothing.
    auto present = via();
    auto mid = untagged(what->mid);
    if (!mid || !present)
      return false;
    what->mid = *mid;
    if (!own)
      return present->forward(handle, std::move(what), context);
  }
  if (auto most = options_.recycle.messages_max; most != 0 && ledger_->handled_count() >= most && !recycling_asked_)
    recycle();
  ledger::place where;
  auto unlimited = what->tracing_id != nullptr;
  switch (ledger_->enter(*what, caf::strong_actor_ptr{handle.ctrl()}, where)) {
  case ledger::entrance::goes:
    return deliver(handle, std::move(what), where, unlimited, context);
  case ledger::entrance::waits:
    return true;
  case ledger::entrance::full:
    if (!answer_with(*what, caf::make_error(errc::mailbox_full, explain(errc::mailbox_full)), context))
      host_.note_dropped(1);
    return false;
  case ledger::entrance::closed:
    if (!answer_with(*what, caf::make_error(errc::shutting_down), context))
      host_.note_dropped(1);
    return false;
  case ledger::entrance::over:
    (void) answer_with(*what, link::after_end(handle.end_reason()), context);
    return false;
  }
  return false;
}

bool supervised_slot::deliver(caf_proxy& handle, caf::mailbox_element_ptr what, const ledger::place& where,
                              bool unlimited, caf::execution_unit* context) {
  what->tracing_id = make_ledger_mark({ledger_, where, unlimited});
  auto present = the_route();
  // The process died meanwhile: then the message waits for its successor already.
  if (present.incarnation != where.incarnation)
    return true;
  watch_handlers();
  return present.via->forward(handle, std::move(what), context);
}

void supervised_slot::lapse(const request_set& over) {
  if (ledger_->size() == 0)
    return;
  (void) ledger_->lapse([&](const ledger::entry& x) {
    auto key = host_.routes().key_of(x.sender, x.mid);
    return key && over.contains(*key);
  });
  if (options_.handler.deadlines && ledger_->any_lapsed())
    watch_handlers_now();
}

// In the order of their sending; new messages wait behind these until all are gone.
void supervised_slot::replay(uint32_t incarnation) {
  auto handle = handle_.lock();
  if (!handle)
    return;
  auto& proxy = static_cast<caf_proxy&>(*handle->get());
  while (auto next = ledger_->next(incarnation))
    (void) deliver(proxy, std::move(next->what), next->where, true, &host_.routes().context());
}

// An exit that CAF sends because of a link stays here: the actor's process has its own half of the link.
bool supervised_slot::order_exit(caf_proxy& handle, caf::mailbox_element_ptr what, caf::execution_unit* context) {
  auto& content = what->payload.get_as<caf::exit_msg>(0);
  auto source = caf::actor_cast<caf::strong_actor_ptr>(content.source);
  auto linked = source ? host_.routes().address_of(*source) : std::nullopt;
  if (ends_link(handle, *what)) {
    std::lock_guard guard{mutex_};
    if (linked)
      links_.erase({linked->process, linked->actor});
    return true;
  }
  auto reason = content.reason;
  {
    std::lock_guard guard{mutex_};
    exit_ = exit_order{reason, std::chrono::steady_clock::now()};
  }
  if (auto via = the_route().via; via && !via->closed() && via->forward(handle, std::move(what), context))
    return true;
  host_.the_keeper().post([self = shared_from_this(), reason] {
    if (self->phase_ == phase::up)
      return; // its process died just now, and settles it
    if (self->worker_)
      self->worker_->stop();
    self->finish(reason);
  });
  return true;
}

bool supervised_slot::answer_with(const caf::mailbox_element& what, const caf::error& reason,
                                  caf::execution_unit* context) {
  if (!what.mid.is_request() || !what.sender)
    return false;
  what.sender->enqueue(caf::make_mailbox_element(nullptr, what.mid.response_id(), {}, reason),
                       context != nullptr ? context : &host_.routes().context());
  return true;
}

void supervised_slot::keep_dead_letter(const ledger::entry& what, const std::string& types) {
  dead_letter letter;
  letter.content = what.content;
  letter.types = types;
  letter.bytes = what.bytes;
  letter.is_request = what.mid.is_request();
  letter.sender = caf::actor_cast<caf::actor_addr>(what.sender);
  letter.receiver = caf::actor_cast<caf::actor_addr>(handle_.lock());
  letter.actor = what_.name;
  letter.at_unix_ms = platform::unix_now_ms();
  letter.deaths = what.deaths;
  host_.dead_letters().add(std::move(letter));
}

// The message whose handler was running. A request that is not poison is answered by its link, with all that are lost.
void supervised_slot::bury(const ledger::condemned& what, const worker_death& death, request_set& kept) {
  auto types = transport::type_names(what.what.content);
  auto& mid = what.what.mid;
  if (what.why == supervision::sentence::quarantine) {
    auto deaths = what.what.deaths.size();
    auto story =
      std::to_string(deaths) + (deaths == 1 ? " process" : " processes") + " died in the handler of " + types;
    keep_dead_letter(what.what, types);
    if (mid.is_request()) {
      if (auto key = host_.routes().key_of(what.what.sender, mid))
        kept.insert(*key);
      caf::mailbox_element request{what.what.sender, mid, {}, {}};
      (void) answer_with(request, make_error(errc::poisoned, death, story), nullptr);
    } else {
      host_.note_dropped(1);
    }
    tell(supervision_incident::quarantined, death, std::move(story));
  } else if (!mid.is_request()) {
    host_.note_dropped(1);
    if (what.why == supervision::sentence::fail)
      tell(supervision_incident::lost, death, types);
  }
}

} // namespace bulkhead::runtime
