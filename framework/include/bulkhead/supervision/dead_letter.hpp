#pragma once

#include "bulkhead/transport/death_certificate.hpp"

#include <caf/actor_addr.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bulkhead {

/// A message that is not tried again because so many processes died while they handled it (`restart_policy::poison_after`), and what
/// speaks against it. To send the content once more makes a new message of it, with a clean record.
struct dead_letter {
  /// As it was sent. Empty if it cannot be kept: it is larger than all dead letters together may be, holds descriptors (`bulkhead::fd`), or
  /// handles of actors, which would live as long as the letter.
  caf::message content;
  /// The names of its types, also if the content was not kept: "(std::string, int32_t)".
  std::string types;
  /// What it took on its way to the last process, in bytes, payloads included.
  uint64_t bytes = 0;
  /// A request, whose sender has got `errc::poisoned`.
  bool is_request = false;
  /// The sender; null if it had none. Does not keep that actor alive.
  caf::actor_addr sender;
  /// The receiver: the handle, or the member of a pool. Does not keep that actor alive.
  caf::actor_addr receiver;
  /// The receiver's registered name.
  std::string actor;
  /// When it was given up, in milliseconds since 1970.
  uint64_t at_unix_ms = 0;
  /// The end of each process that died in its handler, the first one first.
  std::vector<worker_death> deaths;
  /// All about the last of these; it is found out some milliseconds later.
  std::optional<death_certificate> certificate;
};

} // namespace bulkhead
