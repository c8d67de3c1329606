#include "workers.hpp"

#include "witness.hpp"

#include "support/stage.hpp"

#include <bulkhead/snapshot.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace soak {

using test_support::reading;

uint64_t plain_task(uint64_t number) {
  return mixed(number);
}

uint64_t short_task(uint64_t number) {
  witness::here().note(number);
  return mixed(number);
}

uint64_t long_task(uint64_t number) {
  witness::here().note(number);
  volatile uint64_t sum = 0;
  for (uint64_t i = 0; i < 2'000'000; ++i)
    sum = sum + i;
  return mixed(number);
}

namespace {

caf::behavior handler(caf::event_based_actor*) {
  return {
    [](uint64_t number) { return short_task(number); },
    [](uint64_t number, const std::string& text) { return short_task(number) + text.size(); },
    [](uint64_t number, const bulkhead::bytes& payload) { return short_task(number) + payload.size(); },
    [](caf::add_atom, uint32_t sender, uint64_t number) { witness::here().note_in_order(sender, number); },
    [](caf::put_atom) {},
    [](caf::get_atom, uint64_t number) { return mixed(number); },
  };
}

caf::behavior relay(caf::event_based_actor* self, const caf::actor& target) {
  return {[self, target](uint64_t number) { return self->delegate(target, number); }};
}

caf::behavior keeper(caf::event_based_actor* self) {
  auto left = bulkhead::last_snapshot<uint64_t>(self);
  auto count = std::make_shared<uint64_t>(left && *left ? **left : 0);
  if (auto failed = bulkhead::on_handover(self, [count] { return *count; }))
    throw std::runtime_error{to_string(failed)};
  return {[self, count](caf::add_atom) -> caf::result<uint64_t> {
    if (auto failed = bulkhead::snapshot(self, ++*count))
      return failed;
    return *count;
  }};
}

caf::behavior publisher(caf::event_based_actor* self) {
  auto made = bulkhead::shared_value_writer<reading>::make(self->system());
  if (!made)
    throw std::runtime_error{to_string(made.error())};
  auto writer = std::make_shared<bulkhead::shared_value_writer<reading>>(std::move(*made));
  auto count = std::make_shared<int64_t>(0);
  return {
    [writer](caf::open_atom) { return writer->share(); },
    [writer, count](caf::tick_atom) {
      for (int i = 0; i < 100; ++i)
        writer->store(reading::of(++*count));
    },
  };
}

const test_support::known_actor handler_known{bulkhead::heavy<"handler", handler>::add_to};
const test_support::known_actor relay_known{bulkhead::heavy<"relay", relay>::add_to};
const test_support::known_actor keeper_known{bulkhead::heavy<"keeper", keeper>::add_to};
const test_support::known_actor publisher_known{bulkhead::heavy<"publisher", publisher>::add_to};

} // namespace

} // namespace soak
