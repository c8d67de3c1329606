#include "bulkhead/snapshot.hpp"

#include "bulkhead/runtime/caf_spawn.hpp"
#include "bulkhead/runtime/worker_system.hpp"

#include <caf/actor_system.hpp>

#include <utility>

namespace bulkhead::detail {

namespace {

// Of an actor that has a successor.
runtime::worker_snapshots& snapshots_of(const caf::local_actor& self) {
  return static_cast<runtime::worker_system&>(self.home_system().scheduler()).snapshots();
}

} // namespace

caf::error check_successor(const caf::local_actor& self) {
  if (self.getf(runtime::has_successor_flag))
    return {};
  return caf::make_error(errc::no_successor, explain(errc::no_successor));
}

caf::error leave_snapshot(const caf::local_actor& self, caf::byte_buffer&& encoded) {
  return snapshots_of(self).leave(self, std::move(encoded));
}

std::span<const std::byte> inherited_snapshot(const caf::local_actor& self) {
  return snapshots_of(self).inherited();
}

void hand_over_with(const caf::local_actor& self, std::function<caf::error(caf::byte_buffer&)> source) {
  snapshots_of(self).on_handover(std::move(source));
}

} // namespace bulkhead::detail
