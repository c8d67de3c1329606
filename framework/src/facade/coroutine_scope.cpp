#include "bulkhead/coroutine_scope.hpp"

#include "bulkhead/errors.hpp"
#include "bulkhead/runtime/caf_opened.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>

#include <algorithm>
#include <mutex>
#include <vector>

namespace bulkhead::detail {

namespace {

/// Binds a scope to the life of its actor.
struct scope_end final : caf::attachable {
  explicit scope_end(std::shared_ptr<coroutine_scope> what) : scope(std::move(what)) {
    // nop
  }

  void actor_exited(const caf::error&, caf::execution_unit*) override {
    scope->end();
  }

  const std::shared_ptr<coroutine_scope> scope;
};

} // namespace

void running_list::cancel() {
  std::vector<std::shared_ptr<running>> all; // some may go meanwhile
  for (auto& x : all_)
    if (auto one = x.weak_from_this().lock())
      all.push_back(std::move(one));
  for (auto& x : all)
    x->cancellation.emit(boost::asio::cancellation_type::all);
}

message_waiter::~message_waiter() = default;

std::shared_ptr<coroutine_scope> coroutine_scope::of(caf::scheduled_actor* self) {
  if (auto known = runtime::find_attached<scope_end>(*self))
    return known->scope;
  auto result = std::make_shared<coroutine_scope>(self);
  self->attach(caf::attachable_ptr{new scope_end{result}});
  if (auto scheduler = dynamic_cast<runtime::caf_scheduler*>(&self->system().scheduler()))
    scheduler->end_at_stop(caf::weak_actor_ptr{self->ctrl()});
  return result;
}

coroutine_scope::coroutine_scope(caf::scheduled_actor* self) : self_(self), executor_(io(self)) {
  // nop
}

void coroutine_scope::ended(const std::exception_ptr& failed) {
  if (!failed)
    return;
  try {
    std::rethrow_exception(failed);
  } catch (const failure& x) {
    if (auto reason = x.reason(); reason != errc::cancelled)
      self_->call_error_handler(reason);
  } catch (...) {
    if (to_error(failed) != errc::cancelled)
      runtime::handle_exception(*self_, failed);
  }
}

void coroutine_scope::keep_going() {
  if (going_on_ || ended_)
    return;
  going_on_ = self_->new_request_id(caf::message_priority::normal).response_id();
  self_->add_multiplexed_response_handler(*going_on_, caf::behavior{[] {}});
}

void coroutine_scope::let_go() {
  if (!roots_.empty() || !going_on_)
    return;
  runtime::forget_response(*self_, *going_on_);
  going_on_.reset();
}

void coroutine_scope::wait_for(caf::type_id_list types, std::shared_ptr<message_waiter> who) {
  if (ended_)
    return;
  auto found = std::find_if(inboxes_.begin(), inboxes_.end(), [&](auto& x) { return x.types == types; });
  if (found == inboxes_.end()) {
    if (inboxes_.empty())
      offer_messages();
    found = inboxes_.insert(found, inbox{types, {}});
  }
  found->waiting.push_back(std::move(who));
}

bool coroutine_scope::forget(const message_waiter& who) {
  for (auto& x : inboxes_)
    if (std::erase_if(x.waiting, [&](auto& y) { return y.get() == &who; }) > 0)
      return true;
  return false;
}

void coroutine_scope::end() {
  std::lock_guard guard{executor_.binding().ending};
  ended_ = true;
  auto inboxes = std::move(inboxes_);
  roots_.cancel();
}

// The behavior comes first. What nobody waits for at the moment stays in the mailbox, where it counts as not handled, so that
// back pressure reaches the sender.
caf::skippable_result coroutine_scope::offer(caf::message& content) {
  auto found = std::find_if(inboxes_.begin(), inboxes_.end(), [&](auto& x) { return x.types == content.types(); });
  if (found == inboxes_.end())
    return unhandled_ ? unhandled_(self_, content) : caf::print_and_drop(self_, content);
  if (found->waiting.empty())
    return caf::skip;
  auto who = std::move(found->waiting.front());
  found->waiting.pop_front();
  actor_turn now{self_->ctrl()};
  who->resume(std::move(content));
  return caf::message{};
}

void coroutine_scope::offer_messages() {
  unhandled_ = runtime::default_handler_of(*self_);
  self_->set_default_handler([this](caf::scheduled_actor*, caf::message& content) { return offer(content); });
}

} // namespace bulkhead::detail
