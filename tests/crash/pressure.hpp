#pragma once

#include "crash/actors.hpp"

#include <atomic>
#include <memory>

namespace crash {

// The heavy actors of the tests of back pressure:
//   "sink"    (put_atom, int32_t x): keeps x, after it has worked for as many microseconds as its argument says; get_atom: all
//             that it kept
//   "source"  (caf::actor to, int32_t count): sends (put_atom, 0..count-1) to it, one in each handler; get_atom: how many so far
//   "flooder" (caf::actor peer, int32_t count): the same, and takes (put_atom, x) itself; (update_atom, peer, count): sends as many
//             in one handler; get_atom: how many it sent and took

/// Options with a limit for each actor.
bulkhead::worker_options limited(uint64_t messages, bulkhead::overflow when_full = bulkhead::overflow::wait);

/// What a "sink" has kept so far; empty if it does not answer.
std::vector<int32_t> kept_by(caf::actor_system& sys, const caf::actor& sink);

/// Messages that a light actor has sent so far.
using counter = std::shared_ptr<std::atomic<int32_t>>;

inline counter make_counter() {
  return std::make_shared<std::atomic<int32_t>>(0);
}

/// The value when it does not change any more, for a while.
int32_t settled(caf::actor_system& sys, const counter& what);

/// From `first` up to `end`, which is not among them.
std::vector<int32_t> numbers(int32_t first, int32_t end);

/// A light actor that sends (put_atom, 0..count-1) to `target`, one in each handler, and lives on until it is told to end.
caf::actor spawn_source(caf::actor_system& sys, const caf::actor& target, int32_t count, const counter& sent);

/// A light actor that takes (put_atom, x) and counts, after `open` has become true; until then it waits for another actor.
caf::actor spawn_sink(caf::actor_system& sys, const caf::actor& gate, const counter& taken);

/// A light actor that answers (ok_atom) when it got (open_atom), whenever that is.
caf::actor spawn_gate(caf::actor_system& sys);

/// Collects what a host tells about messages that wait.
class backlog_events {
public:
  explicit backlog_events(test_support::host_fixture& f);
  ~backlog_events();
  backlog_events(const backlog_events&) = delete;
  backlog_events& operator=(const backlog_events&) = delete;

  [[nodiscard]] std::vector<bulkhead::backlog_event> all() const;

  /// Those that are about `what`.
  [[nodiscard]] std::vector<bulkhead::backlog_event> of(bulkhead::backlog_incident what) const;

private:
  struct store;
  std::shared_ptr<store> store_;
  caf::actor listener_;
};

} // namespace crash
