#include "bulkhead/transport/bytes.hpp"

namespace bulkhead {

bytes::bytes(caf::byte_buffer content) : content_(std::make_shared<storage>(std::move(content))) {
  // nop
}

bytes bytes::copy_of(std::span<const std::byte> content) {
  auto first = reinterpret_cast<const caf::byte*>(content.data());
  return bytes{caf::byte_buffer(first, first + content.size())};
}

bytes bytes::copy_of(std::string_view content) {
  return copy_of(std::as_bytes(std::span{content.data(), content.size()}));
}

} // namespace bulkhead
