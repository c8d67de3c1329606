#pragma once

#include "support/stage.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace supervisor_test {

// The heavy child of these tests, "ward": get_atom: pid; (delete_atom): aborts; close_atom: quits; (tick_atom, string path): waits until
// the gate at the path is open; (put_atom, string path): SIGTERM makes it a file at the path and ends it; put_atom: SIGTERM is ignored

/// What happened to the light children of a test, in order: "+name" when one is made, "-name" when it has ended.
class journal {
public:
  void note(std::string what);
  [[nodiscard]] std::vector<std::string> entries() const;

  /// All since the last call.
  std::vector<std::string> take();

  [[nodiscard]] bool eventually_has(size_t count) const;

private:
  mutable std::mutex mutex_;
  std::vector<std::string> entries_;
};

using journal_ptr = std::shared_ptr<journal>;

/// Each status that a supervisor told, and the last one of each child.
class status_log {
public:
  status_log(caf::actor_system& sys, const caf::actor& supervisor);

  [[nodiscard]] std::vector<bulkhead::child_status> all() const;
  [[nodiscard]] bulkhead::child_status last(const std::string& name) const;
  [[nodiscard]] size_t count(const std::string& name, bulkhead::child_state state) const;

  /// Whether the child is in that state, after so many restarts at least, or will be soon.
  [[nodiscard]] bool eventually(const std::string& name, bulkhead::child_state state, uint32_t restarts = 0) const;

private:
  struct list {
    std::mutex mutex;
    std::vector<bulkhead::child_status> all;
  };

  std::shared_ptr<list> list_ = std::make_shared<list>();
  caf::actor listener_;
};

/// A light child that notes its start and its end. close_atom: quits; (delete_atom): ends with an error; (tick_atom, path): as a ward;
/// get_atom: 1.
bulkhead::child_spec light(const std::string& name, const journal_ptr& book);

/// The same, but an exit message does not end it.
bulkhead::child_spec stubborn(const std::string& name, const journal_ptr& book);

/// A heavy child whose output goes nowhere.
bulkhead::child_spec in_worker(const std::string& name, bulkhead::worker_options options = {});

/// A child that starts when `let` was called; until then its start is under way. Each start takes one call.
class slow_start {
public:
  explicit slow_start(caf::actor_system& sys);

  [[nodiscard]] bulkhead::child_spec spec(const std::string& name, const journal_ptr& book) const;
  void let();
  [[nodiscard]] bool eventually_asked(size_t count) const;

private:
  std::shared_ptr<std::atomic<size_t>> asked_ = std::make_shared<std::atomic<size_t>>();
  caf::actor door_;
};

/// Options with which deaths are no matter.
bulkhead::supervisor_options patient(bulkhead::strategy how = bulkhead::strategy::one_for_one);

struct fixture : test_support::host_fixture {
  journal_ptr book = std::make_shared<journal>();
  caf::scoped_actor self{sys};

  caf::actor supervise(const bulkhead::supervisor_options& options, std::vector<bulkhead::child_spec> children);

  /// Empty if there is none.
  caf::actor child(const caf::actor& supervisor, const std::string& name);

  /// The names of its children, in order; with ":" and the state behind all that are not up.
  std::vector<std::string> list(const caf::actor& supervisor);

  int pid(const caf::actor& ward);

  /// Makes the child wait in a handler, so that it hears nothing, until the door is open; returns when it does.
  bool block(const caf::actor& child, const test_support::gate& door);

  /// Tells the supervisor to end, and returns its reason when it has.
  caf::error end(const caf::actor& supervisor, caf::exit_reason why = caf::exit_reason::user_shutdown);
};

/// Waits for a future; empty if it has a value.
template <class T>
caf::error error_of(const bulkhead::future<T>& what) {
  auto result = what.wait_for(test_support::patience);
  return result ? caf::error{} : result.error();
}

/// With a note of the whole text if not.
bool contains(const std::string& text, std::string_view part);

/// Descriptors of this process.
size_t count_descriptors();

} // namespace supervisor_test
