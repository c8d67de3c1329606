#pragma once

#include <bulkhead/bulkhead.hpp>

#include <caf/event_based_actor.hpp>

#include <array>
#include <cstdint>

namespace bench {

/// As large as a packet of the socket beside it.
struct frame {
  int64_t number = 0;
  std::array<int64_t, 7> rest{};
};

/// Answers the handle of what it stores with its own, then does what the number in it says: stores each number that it sees
/// as well; or, if it is `flood`, stores without pause until it changes.
caf::behavior mirror(caf::event_based_actor* self);

} // namespace bench

CAF_BEGIN_TYPE_ID_BLOCK(bench, first_custom_type_id)
  CAF_ADD_TYPE_ID(bench, (bulkhead::shared_value<bench::frame>) )
CAF_END_TYPE_ID_BLOCK(bench)
