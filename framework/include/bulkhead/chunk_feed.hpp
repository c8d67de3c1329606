#pragma once

// How a `map` reads its range and hands out chunks of it. For Bulkhead itself; users include <bulkhead/map.hpp>.

#include "bulkhead/executor.hpp"

#include <caf/message.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace bulkhead {

/// How `map` hands out its work.
struct map_options {
  /// So many calls travel and run as one task. 0 counts as 1.
  size_t chunk = 1;

  /// So many chunks are under way or wait to be taken at most; the range is read no further than that. 0 counts as 1. What the executor has
  /// no room for (`executor_options::tasks_max`) waits for room.
  size_t chunks_in_flight_max = 32;
};

namespace detail {

/// The arguments that a `map` takes from its range.
class argument_source {
public:
  virtual ~argument_source();

  /// Appends the arguments of `count` calls, of fewer only at the end of the range; not called again then.
  /// @throws what the range throws; what was read before that is in `into`.
  virtual void read(size_t count, std::vector<caf::message>& into) = 0;
};

/// The results of a chunk's calls, or why there are none.
class chunk_outcome final : public runtime::outcome_base {
public:
  /// Calls `take` with the result of each of `count` calls: a value, nothing, or one `caf::error`. Once, when it is done.
  void hand_out(size_t count, const std::function<void(size_t, caf::message&)>& take);

private:
  bool set_value(caf::message& content) override;
  void note_begun(uint64_t calls) override;

  std::vector<caf::message> items_;
  /// Of a chunk whose worker died.
  uint64_t begun_ = UINT64_MAX;
};

/// Submits the calls of a `map`, chunk by chunk.
///
/// Thread safety: of one thread at a time. Lifetime: what is under way when it goes is cancelled.
class chunk_feed {
public:
  struct chunk {
    /// The place of its first call in the range.
    size_t first;
    size_t count;
    std::shared_ptr<chunk_outcome> results;
  };

  chunk_feed(executor pool, const runtime::task_entry& function, std::unique_ptr<argument_source> source,
             map_options options);

  chunk_feed(const chunk_feed&) = delete;
  chunk_feed& operator=(const chunk_feed&) = delete;

  ~chunk_feed();

  /// Reads and submits one more chunk, unless enough is ahead of the `taken` results that were asked for.
  std::optional<chunk> advance(size_t taken);

  /// Whether a result is left when so many were asked for.
  /// @throws what the range has thrown, when all that was read before has been asked for; once, then the range has ended.
  [[nodiscard]] bool has_more_than(size_t taken);

private:
  const executor pool_;
  const runtime::task_entry& function_;
  const std::unique_ptr<argument_source> source_;
  const map_options options_;
  size_t read_ = 0;
  bool ended_ = false;
  std::exception_ptr failed_;
  std::vector<std::weak_ptr<chunk_outcome>> under_way_;
};

} // namespace detail

} // namespace bulkhead
