#pragma once

#include "bulkhead/shm/flight_recorder.hpp"
#include "bulkhead/transport/record.hpp"

#include <caf/actor_profiler.hpp>

namespace bulkhead::runtime {

/// Notes in a worker which messages are being handled (`handler_entered`), by the hooks that CAF has for profilers.
///
/// Thread safety: all functions from any thread. Lifetime: outlives the actor system.
class caf_progress final : public caf::actor_profiler {
public:
  /// @param next the application's own profiler, which goes on to hear all; may be null. Outlives this.
  /// @param recorder where the messages are recorded besides. Outlives this.
  /// @param self the number of this process.
  /// @param tracked whether the host looks at the progress of tickets: then no handler is entered while the process is frozen.
  caf_progress(caf::actor_profiler* next, shm::flight_recorder& recorder, transport::process_number self,
               bool tracked) noexcept
    : next_(next), recorder_(recorder), self_(self), tracked_(tracked) {
    // nop
  }

  void add_actor(const caf::local_actor& self, const caf::local_actor* parent) override;
  void remove_actor(const caf::local_actor& self) override;
  void before_processing(const caf::local_actor& self, const caf::mailbox_element& element) override;
  void after_processing(const caf::local_actor& self, caf::invoke_message_result result) override;
  void before_sending(const caf::local_actor& self, caf::mailbox_element& element) override;
  void before_sending_scheduled(const caf::local_actor& self, caf::actor_clock::time_point timeout,
                                caf::mailbox_element& element) override;

private:
  caf::actor_profiler* const next_;
  shm::flight_recorder& recorder_;
  const transport::process_number self_;
  const bool tracked_;
};

} // namespace bulkhead::runtime
