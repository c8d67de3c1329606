#pragma once

#include <caf/byte_buffer.hpp>
#include <caf/sec.hpp>
#include <caf/span.hpp>
#include <caf/type_id.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace bulkhead {

/// An immutable block of bytes for messages: pictures, blobs, encoded documents.
///
/// A `std::vector<std::byte>` crosses a process one element at a time; this type crosses as one block, and copying it
/// inside a process only counts a reference.
///
/// Thread safety: as an immutable value. Lifetime: the bytes live as long as any copy.
class bytes {
public:
  bytes() noexcept = default;

  /// Takes over `content`.
  explicit bytes(caf::byte_buffer content);

  /// Copies `content`.
  static bytes copy_of(std::span<const std::byte> content);
  static bytes copy_of(std::string_view content);

  [[nodiscard]] const std::byte* data() const noexcept {
    return reinterpret_cast<const std::byte*>(content_ ? content_->data() : nullptr);
  }
  [[nodiscard]] size_t size() const noexcept {
    return content_ ? content_->size() : 0;
  }
  [[nodiscard]] bool empty() const noexcept {
    return size() == 0;
  }
  [[nodiscard]] std::span<const std::byte> span() const noexcept {
    return {data(), size()};
  }
  [[nodiscard]] std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(data()), size()};
  }

  friend bool operator==(const bytes& x, const bytes& y) noexcept {
    return x.view() == y.view();
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, bytes& x) {
    if constexpr (Inspector::is_loading) {
      return x.load(f);
    } else {
      return x.save(f);
    }
  }

private:
  using storage = caf::byte_buffer;

  /// Size first, as CAF's own byte sequences, then the block. Text formats get the size only.
  template <class Inspector>
  bool save(Inspector& f) const {
    auto count = static_cast<uint64_t>(size());
    if (!f.begin_object(caf::invalid_type_id, "bytes") || !f.value(count))
      return false;
    if (!f.has_human_readable_format() && count > 0
        && !f.value(caf::span<const caf::byte>{content_->data(), content_->size()}))
      return false;
    return f.end_object();
  }

  template <class Inspector>
  bool load(Inspector& f);

  std::shared_ptr<const storage> content_;
};

template <class Inspector>
bool bytes::load(Inspector& f) {
  uint64_t count = 0;
  if (!f.begin_object(caf::invalid_type_id, "bytes") || !f.value(count))
    return false;
  // A size that the input cannot hold is refused before memory is taken for it.
  if constexpr (requires { f.remaining(); }) {
    if (count > f.remaining()) {
      f.emplace_error(caf::sec::end_of_stream, "bytes: size exceeds the input");
      return false;
    }
  }
  auto fresh = std::make_shared<storage>(static_cast<size_t>(count));
  if (count > 0 && !f.value(caf::span<caf::byte>{fresh->data(), fresh->size()}))
    return false;
  content_ = std::move(fresh);
  return f.end_object();
}

} // namespace bulkhead
