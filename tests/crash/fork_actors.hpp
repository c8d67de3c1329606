#pragma once

#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace crash {

// The heavy actor of these tests, "loader". get_atom: pid; (get_atom, string): what was loaded; (put_atom, string): replaces that, and
// answers with the parent's number.

/// For `preload`: notes in a file that outlives its process that it was run, and in memory.
void load(const std::string& path);

/// The same with a bad end: "throw", "die", "thread" (leaves one), or it waits for a gate.
void load_badly(const std::string& how);

/// For tasks of an executor.
std::string what_was_loaded();

/// How often `load` was run with the path of this diary.
size_t loads(const diary& book);

/// Options of a worker that is a copy, and of one that is so after `load`.
bulkhead::worker_options forked();
bulkhead::worker_options forked_after_load(const diary& book);

/// Loaders in a host of its own.
struct forked_loaders {
  explicit forked_loaders(const bulkhead::worker_options& options);

  caf::actor spawn();
  int32_t pid(const caf::actor& of);
  std::string loaded_by(const caf::actor& who);

  /// The only child that is none of these; -1 if there are others.
  int32_t server_besides(const std::vector<int32_t>& workers);

  bulkhead::worker_options wanted;
  test_support::host_fixture here;
  event_log events{here};
  caf::scoped_actor self{here.sys};
};

} // namespace crash
