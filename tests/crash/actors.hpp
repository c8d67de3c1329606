#pragma once

#include "support/fixture.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crash {

// The heavy actors of these tests, known to each worker of this program:
//   "victim"     get_atom: pid; add_atom, x: x + 1; bytes: their size; (string how): dies that way, after it has sent
//                ok_atom to whoever asked; (put_atom, x): keeps x; (get_atom, int32_t): all that it kept, in order;
//                (get_atom, size): so many bytes, built in place; fd: its number; (open_atom, n): a descriptor, when n have
//                asked; (close_atom, int32_t): from now on only a few descriptors can be opened; (put_atom, uint64_t): from
//                now on its address space can grow by so many bytes; spawn_atom: an actor beside it that knows add_atom
//   "thrower"    throws in its constructor
//   "counter"    a counter_actor that starts with its argument
//   "surroundings"  (string what): its arguments, working directory or a variable; (put_atom, string): writes a line

/// What became of many requests, written by light actors.
class outcomes {
public:
  void answered();
  void failed(const caf::error& reason);
  void asked(size_t count);

  /// How many requests were sent so far.
  [[nodiscard]] size_t requests() const;
  [[nodiscard]] size_t total() const;
  [[nodiscard]] size_t answers() const;
  [[nodiscard]] std::vector<caf::error> errors() const;

private:
  mutable std::mutex mutex_;
  size_t requests_ = 0;
  size_t answers_ = 0;
  std::vector<caf::error> errors_;
};

/// A light actor that sends `count` requests without timeout to `target`, each with `content`, to be answered
/// with a number. It lives on until it has all answers.
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

/// Light actors that note the end of `target`: one monitors it, the other is linked to it. Returns when both are set up;
/// they watch for as long as the result is held.
[[nodiscard]] std::vector<caf::actor> watch_end(caf::actor_system& sys, const caf::actor& target,
                                                observed_ends& by_monitor, observed_ends& by_link);

/// The process number of the worker in which a victim lives.
int pid_of(caf::actor_system& sys, const caf::actor& victim);

/// Whether `victim` answers.
bool answers(caf::actor_system& sys, const caf::actor& victim);

/// Makes the victim enter a handler that never returns; returns when it is in there. `out` gets the request's outcome.
void hang(caf::actor_system& sys, const caf::actor& victim, outcomes& out);

/// The result of one request, or why there is none within the patience of tests.
template <class T>
caf::expected<T> request(caf::actor_system& sys, const caf::actor& target, const caf::message& content) {
  caf::expected<T> result{caf::sec::runtime_error};
  caf::scoped_actor self{sys};
  self->request(target, test_support::patience, content)
    .receive([&](T& answer) { result = std::move(answer); }, [&](caf::error& why) { result = std::move(why); });
  return result;
}

/// As most actors here answer.
caf::expected<int32_t> request_number(caf::actor_system& sys, const caf::actor& target, const caf::message& content);

/// Whether the process exists and has not ended.
bool process_runs(int pid);

using test_support::freeze;

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
