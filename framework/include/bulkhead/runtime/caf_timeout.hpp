#pragma once

#include <caf/action.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/message_id.hpp>

#include <cstddef>
#include <optional>
#include <typeinfo>

namespace bulkhead::runtime {

/// A request whose time is over.
struct timed_out_request {
  caf::actor_id requester = 0;
  caf::message_id mid;
};

/// Tells the timeouts of requests from all else that CAF's clock has to do. CAF makes of each a function without a name that keeps
/// the requester and the error that it will get; this looks at one of its own making to learn which functions these are.
///
/// Thread safety: const functions from any thread.
class caf_timeouts {
public:
  caf_timeouts();

  /// The request, if `what`, which has not run yet, ends the wait for its response.
  [[nodiscard]] std::optional<timed_out_request> request_of(const caf::action& what) const;

private:
  /// Null if CAF's functions do not look as expected.
  const std::type_info* type_ = nullptr;
  // Of requester and error, from the beginning of what an action points to:
  std::ptrdiff_t receiver_at_ = 0;
  std::ptrdiff_t content_at_ = 0;
};

} // namespace bulkhead::runtime
