#include "bulkhead/future.hpp"

#include "bulkhead/runtime/caf_scheduler.hpp"

#include <caf/action.hpp>
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

void send(const caf::strong_actor_ptr& actor, caf::message content) {
  actor->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::move(content)),
                 runtime::caf_scheduler::current_unit());
}

} // namespace

void run_as_message(const caf::strong_actor_ptr& actor, std::function<void()> what) {
  send(actor, caf::make_message(caf::make_action(std::move(what))));
}

void send_error(const caf::strong_actor_ptr& actor, caf::error reason) {
  send(actor, caf::make_message(std::move(reason)));
}

caf::error wait_until_done(runtime::outcome_base& what, std::chrono::nanoseconds timeout_max) {
  if (what.done())
    return {};
  if (runtime::caf_scheduler::current_unit() != nullptr)
    return caf::make_error(errc::would_block, explain(errc::would_block));
  auto shared = std::make_shared<waiter>(); // may outlive this call
  what.on_done([shared] {
    std::lock_guard guard{shared->mutex};
    shared->done = true;
    shared->changed.notify_all();
  });
  std::unique_lock guard{shared->mutex};
  auto is_done = [&] { return shared->done; };
  if (timeout_max == std::chrono::nanoseconds::max())
    shared->changed.wait(guard, is_done);
  else if (!shared->changed.wait_for(guard, timeout_max, is_done))
    return caf::make_error(caf::sec::request_timeout);
  return {};
}

} // namespace bulkhead::detail
