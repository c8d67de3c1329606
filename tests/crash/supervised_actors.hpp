#pragma once

#include "actors.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace crash {

// The heavy actor of these tests, "clerk", whose argument is the path of a diary: a file that outlives it.
//   get_atom: pid; (put_atom, sender, number): writes both into the diary, then answers with the number;
//   (add_atom, sender, number): the same without an answer; (tick_atom, string path): writes "0 0", waits until the gate at
//   the path is open, and answers with the attempt, which is 1 the first time; (delete_atom, number): dies in its first `number`
//   attempts, then answers with the attempt; (delete_atom, string): dies, without an answer; bytes: their size; (link_atom,
//   actor): sends itself to the actor, as content and as sender; open_atom: a promise that is never kept; close_atom: quits;
//   (close_atom, int32_t): throws; (close_atom, string): quits with an error; (publish_atom, pattern): fills what the host reads after its death with the pattern, and dies
// And "passer", whose argument is a clerk: (count): asks that so often with (put_atom, 1, i), then answers with the count.

/// A diary in a folder of its own, which goes with it.
class diary {
public:
  diary();
  ~diary();
  diary(const diary&) = delete;
  diary& operator=(const diary&) = delete;

  [[nodiscard]] std::string path() const;

  /// What was written of each sender, in order.
  [[nodiscard]] std::map<int32_t, std::vector<int32_t>> entries() const;

  /// Returns when so many entries are in there.
  [[nodiscard]] bool wait_for(size_t count) const;

private:
  std::filesystem::path folder_;
};

/// Writes into the diary at `path`.
void note_into(const std::string& path, int32_t sender, int32_t number);

/// The events that a host's subscriber got.
class event_log {
public:
  explicit event_log(test_support::host_fixture& where);
  ~event_log();
  event_log(const event_log&) = delete;
  event_log& operator=(const event_log&) = delete;

  [[nodiscard]] std::vector<bulkhead::supervision_event> all() const;
  [[nodiscard]] size_t count(bulkhead::supervision_incident what) const;

private:
  struct list {
    std::mutex mutex;
    std::vector<bulkhead::supervision_event> events;
  };

  std::shared_ptr<list> list_ = std::make_shared<list>();
  caf::actor listener_;
};

/// Options of a worker that is replaced a thousand times, at once.
bulkhead::worker_options supervised(bulkhead::in_doubt interrupted = bulkhead::in_doubt::fail);

caf::actor spawn_clerk(test_support::host_fixture& where, const bulkhead::worker_options& options, const diary& book);

} // namespace crash
