#pragma once

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace bench {

/// How long each of `count` requests of one light actor to `peer` took, in nanoseconds: from before `make` makes its content to
/// the answer. A few requests before them do not count: a payload is reserved and mapped when its memory is used first.
std::vector<double> blob_round_trips(caf::actor_system& system, const caf::actor& peer, int64_t count,
                                     std::function<caf::message()> make);

} // namespace bench
