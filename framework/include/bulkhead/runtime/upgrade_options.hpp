#pragma once

#include <caf/error.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace bulkhead {

/// The program that shall serve an actor from now on, and what it is held to before it is trusted: see `host::upgrade`.
struct upgrade_options {
  /// As `worker_options::program`. It may be the path of the present one, where another file stands by now.
  std::string program = {};

  /// As `worker_options::arguments`. Empty: as before.
  std::optional<std::vector<std::string>> arguments = std::nullopt;

  /// As `worker_options::environment`. Empty: as before.
  std::optional<std::vector<std::string>> environment = std::nullopt;

  /// How long a process of the new program must live, from its actor's first breath, before the former program is given up. At
  /// most 24 hours.
  std::chrono::milliseconds probation{10'000};
};

/// Returns `errc::invalid_option` with the name of the first option that makes no sense.
[[nodiscard]] caf::error check(const upgrade_options& options);

} // namespace bulkhead
