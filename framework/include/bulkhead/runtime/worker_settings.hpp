#pragma once

#include <caf/byte_buffer.hpp>
#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace bulkhead::runtime {

/// What a worker needs to have its host's configuration: all values that were set there, what the command line left over, and the worker's
/// own `arguments`. Without what concerns the host alone: Bulkhead's options, threads, the network, the file of CAF's log.
/// @returns no bytes if there is nothing to hand over, `errc::encode_failed` for values that cannot travel.
[[nodiscard]] caf::expected<caf::byte_buffer> settings_for_worker(const caf::actor_system_config& host,
                                                                  const std::vector<std::string>& arguments);

/// The reverse, in the worker: sets the values in `cfg` and the members that are bound to its options, then parses the worker's arguments,
/// which come before the host's values. Arguments that no option of `cfg` expects go to its remainder.
/// @returns `errc::invalid_option` with the option and the reason, `errc::decode_failed`.
[[nodiscard]] caf::error take_settings(std::span<const std::byte> encoded, caf::actor_system_config& cfg);

} // namespace bulkhead::runtime
