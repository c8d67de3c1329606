// The heavy actor of these tests that passes on what it gets.

#include "support/fixture.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <utility>
#include <vector>

namespace {

// int32_t: the next number. (get_atom, actor, int32_t): passes the number on. (put_atom, int32_t), (update_atom, actor, int32_t): the same
// answer, after an ok_atom has come.
struct relay_state {
  std::vector<std::pair<caf::response_promise, int32_t>> held;
  std::vector<std::pair<caf::response_promise, std::pair<caf::actor, int32_t>>> to_pass_on;
};

caf::behavior relay(caf::stateful_actor<relay_state>* self) {
  return {
    [](int32_t x) { return x + 1; },
    [self](caf::get_atom, const caf::actor& whom, int32_t x) { return self->delegate(whom, x); },
    // Tells `whom` that `other` has ended, which it cannot know.
    [self](caf::sys_atom, const caf::actor& whom, const caf::actor& other) {
      auto promise = self->make_response_promise<int32_t>();
      self->request(whom, caf::infinite, caf::down_msg{other.address(), caf::exit_reason::kill})
        .then([promise](int32_t x) mutable { promise.deliver(x); },
              [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
      return promise;
    },
    [self](caf::put_atom, int32_t x) {
      auto promise = self->make_response_promise();
      self->state.held.emplace_back(promise, x + 1);
      return promise;
    },
    [self](caf::update_atom, const caf::actor& whom, int32_t x) {
      auto promise = self->make_response_promise();
      self->state.to_pass_on.push_back({promise, {whom, x}});
      return promise;
    },
    [self](caf::ok_atom) {
      for (auto& [promise, x] : self->state.held)
        promise.deliver(x);
      for (auto& [promise, what] : self->state.to_pass_on)
        promise.delegate(what.first, what.second);
      self->state = {};
    },
  };
}

const test_support::known_actor relay_known{bulkhead::heavy<"relay", relay>::add_to};

} // namespace
