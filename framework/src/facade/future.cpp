#include "bulkhead/future.hpp"

#include "bulkhead/platform/saturating.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"

#include <caf/behavior.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <condition_variable>
#include <mutex>

namespace bulkhead::detail {

namespace {

struct waiter {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
};

} // namespace

std::function<void()> expect(caf::scheduled_actor* self, std::function<void()> handle) {
  auto id = self->new_request_id(caf::message_priority::normal).response_id();
  self->add_multiplexed_response_handler(id, caf::behavior{std::move(handle)});
  return [receiver = caf::strong_actor_ptr{self->ctrl()}, id] {
    receiver->enqueue(caf::make_mailbox_element(nullptr, id, {}, caf::message{}),
                      runtime::caf_scheduler::current_unit());
  };
}

void send_error(const caf::strong_actor_ptr& actor, caf::error reason) {
  actor->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::move(reason)),
                 runtime::caf_scheduler::current_unit());
}

caf::error wait_until_done(runtime::outcome_base& what, std::chrono::nanoseconds timeout_max) {
  if (what.done())
    return {};
  if (runtime::caf_scheduler::current_unit() != nullptr)
    return caf::make_error(errc::would_block, explain(errc::would_block));
  auto shared = std::make_shared<waiter>(); // may outlive this call
  auto number = what.on_done([shared] {
    std::lock_guard guard{shared->mutex};
    shared->done = true;
    shared->changed.notify_all();
  });
  std::unique_lock guard{shared->mutex};
  auto is_done = [&] { return shared->done; };
  if (timeout_max == std::chrono::nanoseconds::max())
    shared->changed.wait(guard, is_done);
  else if (!shared->changed.wait_until(guard, platform::saturating_sum(std::chrono::steady_clock::now(), timeout_max),
                                       is_done)) {
    guard.unlock();
    what.forget(number);
    return caf::make_error(caf::sec::request_timeout);
  }
  return {};
}

} // namespace bulkhead::detail
