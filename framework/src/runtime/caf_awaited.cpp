#include "bulkhead/runtime/caf_awaited.hpp"

#include "bulkhead/runtime/caf_mark.hpp"

#include <caf/mailbox_element.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/system_messages.hpp>

#include <tuple>

namespace bulkhead::runtime {

namespace {

/// CAF keeps what an actor awaits to derived classes.
struct awaiting_actor final : caf::scheduled_actor {
  static auto& awaited(caf::scheduled_actor& actor) noexcept {
    return actor.*(&awaiting_actor::awaited_responses_);
  }
};

caf::scheduled_actor* as_actor(caf::resumable& job) noexcept {
  return job.subtype() == caf::resumable::scheduled_actor ? static_cast<caf::scheduled_actor*>(&job) : nullptr;
}

} // namespace

caf::resumable* as_job(const caf::strong_actor_ptr& actor) noexcept {
  return actor ? dynamic_cast<caf::scheduled_actor*>(actor->get()) : nullptr;
}

uint64_t awaited_request(caf::resumable& job) noexcept {
  auto actor = as_actor(job);
  if (actor == nullptr || awaiting_actor::awaited(*actor).empty())
    return 0;
  return awaiting_actor::awaited(*actor).front().first.request_id().integer_value();
}

request_key handled_request(caf::resumable& job, transport::process_number self) noexcept {
  auto actor = as_actor(job);
  auto what = actor != nullptr ? actor->current_mailbox_element() : nullptr;
  if (what == nullptr || what->mid.is_response())
    return {};
  auto id = what->mid.request_id().integer_value();
  if (what->tracing_id) {
    auto source = source_of(*what->tracing_id);
    return {source.process, source.actor, id};
  }
  return what->mid.is_request() && what->sender ? request_key{self, what->sender->aid, id} : request_key{};
}

bool exit_is_next(caf::resumable& job) noexcept {
  auto actor = as_actor(job);
  if (actor == nullptr)
    return false;
  auto& mailbox = actor->mailbox();
  mailbox.fetch_more();
  auto& all = mailbox.queue().queues();
  auto is_exit = [](auto& queue) {
    auto next = queue.peek();
    return next != nullptr && next->payload.template match_elements<caf::exit_msg>();
  };
  return is_exit(std::get<caf::scheduled_actor::urgent_queue_index>(all))
         || is_exit(std::get<caf::scheduled_actor::normal_queue_index>(all));
}

caf::message_id nobodys_response() noexcept {
  return caf::message_id{caf::message_id::default_async_value | caf::message_id::request_id_mask}.response_id();
}

void give_turn(const caf::strong_actor_ptr& actor, caf::execution_unit* context) {
  actor->enqueue(caf::make_mailbox_element(nullptr, nobodys_response(), {}, caf::message{}), context);
}

} // namespace bulkhead::runtime
