#pragma once

#include "bulkhead/platform/group_signals.hpp"

namespace bulkhead::platform {

/// While it lives, what this thread writes raises no signal: the call fails with EFBIG beyond RLIMIT_FSIZE, which counts for memfds too, and
/// with EPIPE when there is no reader. `errno` stays as the call left it.
class write_signals_held {
public:
  write_signals_held() noexcept;
  ~write_signals_held();
  write_signals_held(const write_signals_held&) = delete;
  write_signals_held& operator=(const write_signals_held&) = delete;

private:
  signal_set before_ = 0;
  signal_set pending_before_ = 0;
};

} // namespace bulkhead::platform
