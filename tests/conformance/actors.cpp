#include "conformance/actors.hpp"

#include <memory>
#include <vector>

namespace conformance {

using caf::actor;
using caf::event_based_actor;
using caf::message;

caf::behavior echo(event_based_actor* self) {
  return {
    [](const std::string& text) { return text; },
    [](int32_t number) { return number; },
    [](const bulkhead::bytes& block) { return block; },
    [=](caf::get_atom) { return caf::strong_actor_ptr{self->current_sender()}; },
  };
}

caf::behavior relay(event_based_actor* self, actor to) {
  return {
    [=](const std::string& text) { return self->delegate(to, text); },
    [=](caf::get_atom) { return self->delegate(to, caf::get_atom_v); },
  };
}

namespace {

struct puppet_state {
  std::vector<std::pair<caf::actor_addr, actor>> watched;
};

} // namespace

caf::behavior puppet(event_based_actor* self) {
  auto state = std::make_shared<puppet_state>();
  self->set_down_handler([=](caf::down_msg& down) {
    for (auto& [who, observer] : state->watched)
      if (who == down.source)
        self->send(observer, down.reason);
  });
  return {
    [=](caf::forward_atom, const actor& to, const message& content) {
      to->enqueue(caf::strong_actor_ptr{self->ctrl()}, caf::make_message_id(), content, self->context());
    },
    [=](caf::get_atom, const actor& to, const std::string& text) {
      auto promise = self->make_response_promise<std::string>();
      self->request(to, caf::infinite, text)
        .then([=](std::string& answer) mutable { promise.deliver(std::move(answer)); },
              [=](caf::error& reason) mutable { promise.deliver(std::move(reason)); });
      return promise;
    },
    [=](caf::get_atom, const actor& to, caf::timespan timeout) {
      auto promise = self->make_response_promise<std::string>();
      self->request(to, timeout, caf::wait_for_atom_v)
        .then([=](int32_t) mutable { promise.deliver(std::string{"answered"}); },
              [=](caf::error& reason) mutable { promise.deliver(std::move(reason)); });
      return promise;
    },
    [=](caf::monitor_atom, const actor& who) {
      state->watched.emplace_back(who.address(), caf::actor_cast<actor>(self->current_sender()));
      self->monitor(who);
    },
    [=](caf::link_atom, const actor& who) { self->link_to(who); },
    [=](caf::unlink_atom, const actor& who) { self->unlink_from(who); },
    [=](caf::close_atom, const caf::error& reason) { self->quit(reason); },
  };
}

caf::behavior keeper(event_based_actor* self) {
  using promise = caf::typed_response_promise<int32_t>;
  auto kept = std::make_shared<std::vector<promise>>();
  return {
    [=](caf::wait_for_atom) {
      kept->push_back(self->make_response_promise<int32_t>());
      return kept->back();
    },
    [=](caf::wait_for_atom, caf::timespan delay) {
      auto result = self->make_response_promise<int32_t>();
      self->run_delayed(delay, [=]() mutable { result.deliver(int32_t{7}); });
      return result;
    },
    [=](caf::ok_atom) {
      for (auto& x : *kept)
        x.deliver(int32_t{7});
      kept->clear();
    },
    [=](caf::reset_atom) { kept->clear(); },
  };
}

namespace {

using test_support::known_actor;

const known_actor echo_known{bulkhead::heavy<"echo", echo>::add_to};
const known_actor relay_known{bulkhead::heavy<"relay", relay>::add_to};
const known_actor puppet_known{bulkhead::heavy<"puppet", puppet>::add_to};
const known_actor keeper_known{bulkhead::heavy<"keeper", keeper>::add_to};

} // namespace

} // namespace conformance
