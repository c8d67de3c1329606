#include "bulkhead/io.hpp"

#include "bulkhead/errors.hpp"
#include "bulkhead/runtime/caf_opened.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"

#include <caf/action.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/mailbox_element.hpp>

#include <bit>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bulkhead {

namespace detail {

namespace {

/// Work on its way through a mailbox.
class io_message {
public:
  io_message(std::shared_ptr<const io_binding> binding, io_work work)
    : binding_(std::move(binding)), work_(std::move(work)) {
    // nop
  }

  io_message(io_message&& other) noexcept = default;

  ~io_message() {
    if (!binding_)
      return;
    std::lock_guard guard{binding_->ending};
    work_.reset();
  }

  void operator()() {
    auto work = std::move(*work_);
    auto binding = std::move(binding_);
    actor_turn now{binding->actor.get()};
    work();
  }

private:
  std::shared_ptr<const io_binding> binding_;
  std::optional<io_work> work_;
};

/// All that is closed with one actor.
struct closed_list final : caf::attachable {
  void actor_exited(const caf::error&, caf::execution_unit*) override {
    for (auto x = all.rbegin(); x != all.rend(); ++x)
      (*x)->close();
  }

  std::vector<std::unique_ptr<closed_at_end>> all;
};

} // namespace

thread_local const actor_turn* actor_turn::current_ = nullptr;

actor_turn::actor_turn(const caf::actor_control_block* actor, work begun) noexcept
  : actor_(actor), begun_(begun), outer_(std::exchange(current_, this)) {
  // nop
}

actor_turn::~actor_turn() {
  current_ = outer_;
}

bool actor_turn::is_of(const caf::actor_control_block* actor) noexcept {
  return current_ != nullptr && current_->actor_ == actor;
}

caf::strong_actor_ptr keep_alive(const io_binding& binding) noexcept {
  if (actor_turn::is_of(binding.actor.get()) && actor_turn::current_->begun_ == actor_turn::work::uncounted)
    return nullptr;
  return binding.actor.lock();
}

void run_in_actor(std::shared_ptr<const io_binding> binding, io_work work) {
  auto receiver = binding->actor.lock();
  io_message content{std::move(binding), std::move(work)};
  if (!receiver)
    return;
  // CAF runs an action that an actor receives as one of its messages.
  auto action = caf::make_action([content = std::move(content)]() mutable { content(); });
  receiver->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::move(action)),
                    runtime::caf_scheduler::current_unit());
}

closed_at_end::~closed_at_end() = default;

void close_at_end(caf::scheduled_actor& self, std::unique_ptr<closed_at_end> what) {
  if (auto list = runtime::find_attached<closed_list>(self)) {
    if (std::has_single_bit(list->all.size()))
      std::erase_if(list->all, [](auto& x) { return !x->exists(); });
    list->all.push_back(std::move(what));
    return;
  }
  auto list = std::make_unique<closed_list>();
  list->all.push_back(std::move(what));
  self.attach(std::move(list));
}

boost::asio::io_context& io_of(caf::actor_system& system) {
  auto scheduler = dynamic_cast<runtime::caf_scheduler*>(&system.scheduler());
  if (scheduler == nullptr)
    throw std::logic_error{std::string{"bulkhead::io: "} + explain(errc::not_loaded)};
  return scheduler->io();
}

} // namespace detail

actor_executor io(caf::scheduled_actor* self) {
  auto binding = std::make_shared<detail::io_binding>();
  binding->actor = caf::weak_actor_ptr{self->ctrl()};
  binding->context = &detail::io_of(self->system());
  return {std::move(binding), nullptr};
}

} // namespace bulkhead
