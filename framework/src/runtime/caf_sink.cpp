#include "bulkhead/runtime/caf_sink.hpp"

#include "bulkhead/runtime/caf_scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>

#include <memory>
#include <mutex>
#include <utility>

namespace bulkhead::runtime {

namespace {

class caf_sink final : public caf::monitorable_actor {
public:
  caf_sink(caf::actor_config& cfg, sink_function handle)
    : caf::monitorable_actor(cfg), handle_(std::make_shared<const sink_function>(std::move(handle))) {
    // nop
  }

  const char* name() const override {
    return "bulkhead.sink";
  }

  using caf::monitorable_actor::enqueue;

  bool enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    std::shared_ptr<const sink_function> handle;
    {
      std::lock_guard guard{handle_mutex_};
      handle = handle_;
    }
    if (!handle)
      return false;
    (*handle)(what->mid.is_response() ? what->mid.request_id().integer_value() & caf::message_id::request_id_mask : 0,
              what->payload);
    return true;
  }

  void close() {
    std::shared_ptr<const sink_function> dropped; // outlives the guard
    {
      std::lock_guard guard{handle_mutex_};
      dropped = std::move(handle_);
    }
    cleanup(caf::make_error(caf::exit_reason::normal), nullptr);
  }

  // For make_actor.
  void setup_metrics() {
    // nop
  }
  void on_exit() {
    // nop
  }

private:
  std::mutex handle_mutex_;
  std::shared_ptr<const sink_function> handle_;
};

} // namespace

caf::strong_actor_ptr make_sink(caf::actor_system& system, sink_function handle) {
  caf::actor_config cfg;
  return caf::make_actor<caf_sink, caf::strong_actor_ptr>(system.next_actor_id(), system.node(), &system, cfg,
                                                          std::move(handle));
}

void close_sink(const caf::strong_actor_ptr& sink) {
  static_cast<caf_sink*>(sink->get())->close();
}

void send_request(const caf::strong_actor_ptr& sender, const caf::strong_actor_ptr& receiver, uint64_t id,
                  caf::message content) {
  auto mid = caf::message_id{caf::message_id::default_async_value | (id & caf::message_id::request_id_mask)};
  receiver->enqueue(caf::make_mailbox_element(sender, mid, {}, std::move(content)), caf_scheduler::current_unit());
}

void on_end(const caf::strong_actor_ptr& actor, std::function<void(const caf::error&)> then) {
  actor->get()->attach_functor(std::move(then));
}

} // namespace bulkhead::runtime
