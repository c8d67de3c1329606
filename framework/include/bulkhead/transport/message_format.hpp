#pragma once

#include <caf/fwd.hpp>

namespace bulkhead::transport {

class checked_deserializer;

/// Writes `content` as `caf::message::save` does, but a `caf::byte_buffer` in one piece: what CAF's own library calls for that
/// was compiled without the overload in number_vectors.hpp.
[[nodiscard]] bool save_message(caf::binary_serializer& sink, const caf::message& content);

/// Reads what `save_message` or CAF wrote, in any process. On failure `source` has the error.
[[nodiscard]] bool load_message(checked_deserializer& source, caf::message& content);

} // namespace bulkhead::transport
