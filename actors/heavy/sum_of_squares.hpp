#pragma once

#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>

#include <cstdint>

namespace actors {

/// A computation that keeps one core busy and nothing else: the sum of the squares of all numbers below n.
///
/// (int64_t n) -> (int64_t sum, int32_t pid): the sum modulo 1,000,000,007, and the process that computed it.
/// Fails with `caf::sec::invalid_argument` if n is negative or above 2^31.
///
/// A handler that runs for seconds holds up every other actor of its process: that is what a worker is for.
caf::behavior sum_of_squares(caf::event_based_actor* self);

} // namespace actors
