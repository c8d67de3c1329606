#pragma once

#include "support/fixture.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace crash {

// The heavy actors of these tests, known to each worker of this program:
//   "victim"     get_atom: pid; add_atom, x: x + 1; bytes: their size; (string how): dies that way, after it has sent
//                ok_atom to whoever asked; (put_atom, x): keeps x; (get_atom, int32_t): all that it kept, in order
//   "thrower"    throws in its constructor
//   "counter"    a counter_actor that starts with its argument
//   "surroundings"  (string what): its arguments, working directory or a variable; (put_atom, string): writes a line

/// What became of many requests, written by light actors.
class outcomes {
public:
  void answered();
  void failed(const caf::error& reason);

  [[nodiscard]] size_t total() const;
  [[nodiscard]] size_t answers() const;
  [[nodiscard]] std::vector<caf::error> errors() const;

private:
  mutable std::mutex mutex_;
  size_t answers_ = 0;
  std::vector<caf::error> errors_;
};

/// A light actor that sends `count` requests without timeout to `target`, each with `content`, and then lives on.
caf::actor ask(caf::actor_system& sys, const caf::actor& target, outcomes& out, int count, const caf::message& content);

/// The ends that a light actor has seen, as a monitor or because of a link.
class observed_ends {
public:
  void add(const caf::error& reason);
  [[nodiscard]] std::vector<caf::error> reasons() const;

private:
  mutable std::mutex mutex_;
  std::vector<caf::error> reasons_;
};

/// Light actors that note the end of `target`: one monitors it, the other is linked to it. Returns when both are set up.
void watch_end(caf::actor_system& sys, const caf::actor& target, observed_ends& by_monitor, observed_ends& by_link);

/// The process number of the worker in which a victim lives.
int pid_of(caf::actor_system& sys, const caf::actor& victim);

/// Whether `victim` answers.
bool answers(caf::actor_system& sys, const caf::actor& victim);

/// Makes the victim enter a handler that never returns; returns when it is in there. `out` gets the request's outcome.
void hang(caf::actor_system& sys, const caf::actor& victim, outcomes& out);

/// The result of one request, or of none within the patience of tests.
caf::expected<caf::message> request(caf::actor_system& sys, const caf::actor& target, const caf::message& content);

/// The integer in such a result.
caf::expected<int32_t> request_number(caf::actor_system& sys, const caf::actor& target, const caf::message& content);

/// Whether the process exists and has not ended.
bool process_runs(int pid);

/// Stops a process as Ctrl-Z does, and returns when it stands still.
bool freeze(int pid);

std::string child_program(std::string_view name);

/// The certificate in an error; reports a failure if there is none.
bulkhead::worker_death certificate(const caf::error& reason);

/// Compares what this process holds before and after.
class leftovers {
public:
  leftovers();

  /// Reports what is there now and was not at construction: children, descriptors, files in /dev/shm.
  void check() const;

private:
  size_t children_;
  size_t descriptors_;
  size_t shared_files_;
};

} // namespace crash
