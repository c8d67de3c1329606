#include "actors.hpp"

#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace endurance {

namespace {

struct worker_state {
  caf::actor known;
  std::vector<caf::typed_response_promise<int32_t>> owed;
  std::optional<bulkhead::shared_value_writer<int64_t>> own;
};

caf::behavior short_lived(caf::event_based_actor* self) {
  return {[self](caf::close_atom) { self->quit(); }};
}

} // namespace

caf::behavior worker(caf::event_based_actor* self) {
  auto state = std::make_shared<worker_state>();
  return {
    [](int32_t x) {
      if (x < 0)
        std::abort();
      return x;
    },
    [](caf::get_atom) { return test_support::held_now().heap_bytes; },
    [self, state](caf::wait_for_atom) {
      state->owed.push_back(self->make_response_promise<int32_t>());
      return state->owed.back();
    },
    [self](caf::spawn_atom) { return self->spawn(short_lived); },
    [self, state](const caf::actor& who) {
      if (state->known)
        self->demonitor(state->known);
      state->known = who;
      self->monitor(who);
    },
    [](const bulkhead::bytes& x) { return x.size(); },
    [](const bulkhead::shared_value<int64_t>& x) { return x.load(); },
    [](const bulkhead::shared_counter& x) { x.add(1); },
    [](caf::add_atom, const bulkhead::shared_counter& x) {
      x.add(1);
      return int32_t{1};
    },
    [](caf::wait_for_atom, const std::string& path) {
      if (!test_support::gate::wait_for(path))
        std::abort();
    },
    [](caf::sys_atom, int32_t x) { return x; },
    [self](caf::forward_atom, std::vector<caf::actor> way) -> caf::result<int32_t> {
      if (way.empty())
        return int32_t{0};
      auto promise = self->make_response_promise<int32_t>();
      auto next = way.front();
      way.erase(way.begin());
      self->request(next, caf::infinite, caf::forward_atom_v, std::move(way))
        .await([promise](int32_t x) mutable { promise.deliver(x + 1); },
               [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
      return promise;
    },
    [self, state](caf::open_atom) -> caf::result<bulkhead::shared_value<int64_t>> {
      auto made = bulkhead::shared_value_writer<int64_t>::make(self->system(), 1);
      if (!made)
        return std::move(made.error());
      state->own.emplace(std::move(*made));
      return state->own->share();
    },
    [self](caf::close_atom) { self->quit(); },
  };
}

static const test_support::known_actor worker_known{bulkhead::heavy<"worker", worker>::add_to};

site::site() {
  host.log_to([](std::string_view) {});
}

caf::actor site::spawn(const bulkhead::worker_options& options) {
  auto result = host.spawn("worker", options);
  if (!result)
    throw std::runtime_error{"cannot spawn: " + to_string(result.error())};
  return std::move(*result);
}

} // namespace endurance
