#pragma once

#include "bulkhead/supervision/restart_policy.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bulkhead {

/// Which children of a supervisor are started again when one of them died.
enum class strategy : uint8_t {
  /// That one: the children do not need each other.
  one_for_one,
  /// All: none of them is of use without the others.
  one_for_all,
  /// That one and those after it: each may need those before it.
  rest_for_one,
};

/// After which ends a child of a supervisor is started again. It ended in good order if it quit, or was told to end, with
/// `exit_reason::normal` or `exit_reason::user_shutdown`; all else is a death, and so is a start that failed.
enum class restart_type : uint8_t {
  /// After all of them.
  permanent,
  /// When it died; and when it was stopped because another child died.
  transient,
  /// Never.
  temporary,
};

/// What a supervisor does about deaths of its children.
struct supervisor_options {
  /// Which children are started again together.
  bulkhead::strategy strategy = bulkhead::strategy::one_for_one;

  /// So many deaths within `within` are followed by restarts; the next one ends the supervisor with `errc::restarts_exhausted`. All its
  /// children count together. From 0 to 1000.
  uint32_t restarts_max = 5;

  /// From 1 ms to 24 hours.
  std::chrono::milliseconds within{10'000};

  /// As in `restart_policy`: the first restart within `within` comes at once, the next one waits for so long, each further one twice as
  /// long. From 0 ms to 24 hours.
  std::chrono::milliseconds backoff_min{10};

  /// From `backoff_min` to 24 hours.
  std::chrono::milliseconds backoff_max{1'000};

  /// From SIGTERM to SIGKILL for the process of a heavy child that did not end in its time; and how long a light one is waited for that got
  /// `exit_reason::kill`. From 0 ms (SIGKILL at once) to 24 hours.
  std::chrono::milliseconds kill_after{500};

  friend bool operator==(const supervisor_options&, const supervisor_options&) = default;
};

namespace supervision {

/// What a decision needs to know of a child.
struct child_view {
  restart_type type = restart_type::permanent;
  /// It has not ended for good: it lives, or shall.
  bool wanted = true;
};

/// What follows a child's end. Both lists are places in the list of children.
struct restart_plan {
  /// These end first, one after the other, in this order: the last child first.
  std::vector<size_t> stop;
  /// These start then, in this order: the first child first. Empty if the end has no consequences.
  std::vector<size_t> start;
  /// Stopped, and not started again.
  std::vector<size_t> drop;

  friend bool operator==(const restart_plan&, const restart_plan&) = default;
};

/// @param died false if it ended in good order.
[[nodiscard]] bool starts_again(restart_type type, bool died) noexcept;

/// @param children all of them, with the one that ended.
/// @param ended its place.
[[nodiscard]] restart_plan plan_restart(strategy how, std::span<const child_view> children, size_t ended, bool died);

/// The same numbers as a policy of one worker: for `recent`, `may_restart` and `back_off`.
[[nodiscard]] restart_policy as_policy(const supervisor_options& options) noexcept;

/// The first option that makes no sense; empty if all do.
[[nodiscard]] complaint check(const supervisor_options& options);

} // namespace supervision

} // namespace bulkhead
