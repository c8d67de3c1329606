#pragma once

#include "ledger.hpp"
#include "services.hpp"

#include <functional>

namespace soak {

/// Settles one message with a coroutine of `self`: both of two, one in time, or all of a group; by turns.
void await_one(caf::event_based_actor* self, const services& targets, ledger& books, std::function<void()> next);

} // namespace soak
