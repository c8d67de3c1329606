#pragma once

#include <caf/fwd.hpp>

namespace thumbnails {

/// A heavy actor: (bulkhead::bytes picture, uint32_t width) -> thumbnail, or a `picture_error`. It trusts nothing that it
/// reads and is trusted by nobody: a picture that crashes it costs a worker process.
caf::behavior decoder(caf::event_based_actor* self);

} // namespace thumbnails
