#pragma once

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace bench {

using samples = std::shared_ptr<std::vector<double>>;

/// A light actor that on each `tick` makes `count` requests to `peer`, one after the other, then says `ok` to `boss`.
/// @param times null, or where it puts how long each took, in nanoseconds.
caf::actor spawn_pinger(caf::actor_system& system, caf::actor peer, int64_t count, samples times, caf::actor boss);

/// How long each of `count` requests of one light actor to `peer` took, in nanoseconds.
std::vector<double> round_trips(caf::actor_system& system, const caf::actor& peer, int64_t count);

} // namespace bench
