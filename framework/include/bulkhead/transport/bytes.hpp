#pragma once

#include "bulkhead/transport/attachments.hpp"

#include <caf/byte_buffer.hpp>
#include <caf/sec.hpp>
#include <caf/span.hpp>
#include <caf/type_id.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace bulkhead {

namespace transport {

/// What keeps the memory of a payload: a piece of the heap, of this process's arena, or a loan from another process.
class payload_owner {
public:
  payload_owner() = default;
  payload_owner(const payload_owner&) = delete;
  payload_owner& operator=(const payload_owner&) = delete;
  virtual ~payload_owner();
};

/// Payloads start at multiples of this many bytes, so that they can hold arrays of any arithmetic or SIMD type.
constexpr size_t payload_alignment = 64;

/// Memory of the heap for a payload. Its first byte may be written until the block is shared.
struct heap_block {
  std::shared_ptr<const payload_owner> owner;
  std::byte* first = nullptr;
};

/// @param bytes at least 1.
/// @throws std::bad_alloc, after the new-handler was called
[[nodiscard]] heap_block make_heap_block(size_t bytes);

/// The same, but exhausted memory is an answer.
[[nodiscard]] std::optional<heap_block> try_make_heap_block(size_t bytes) noexcept;

} // namespace transport

/// An immutable run of bytes for messages: a picture, a tensor, a file.
///
/// Inside a process copies share the memory. To another process of the host a large one travels as an offset and a
/// length: the receiver reads it where the sender wrote it, and the memory goes back when its last copy is gone there.
/// What `bulkhead::allocate` made for the receiver is not copied at all, anything else is copied once. Small ones, and
/// those that go to another machine, travel inside the message.
///
/// What came from another process stands in memory that its writer can still write. Whoever does not trust the writer
/// parses a copy (`bytes::copy_of(x.span())`), as with any other memory that somebody else may change.
///
/// Thread safety: as an immutable value. Lifetime: the bytes live as long as any copy or slice, also when the process that
/// wrote them has ended.
class bytes {
public:
  bytes() noexcept = default;

  /// Takes over `content`.
  /// @param content not copied.
  explicit bytes(caf::byte_buffer content);

  /// Copies `content`.
  /// @param content any.
  static bytes copy_of(std::span<const std::byte> content);
  /// Copies the characters of `content`.
  /// @param content any.
  static bytes copy_of(std::string_view content);

  /// A part of these bytes, which shares their memory.
  /// @param offset in bytes; behind the end there is nothing.
  /// @param count  at most so many bytes.
  [[nodiscard]] bytes slice(size_t offset, size_t count = SIZE_MAX) const noexcept;

  /// The first byte, if there is one.
  [[nodiscard]] const std::byte* data() const noexcept {
    return content_.data();
  }
  /// Number of bytes.
  [[nodiscard]] size_t size() const noexcept {
    return content_.size();
  }
  /// Whether there are no bytes.
  [[nodiscard]] bool empty() const noexcept {
    return content_.empty();
  }
  /// All bytes.
  [[nodiscard]] std::span<const std::byte> span() const noexcept {
    return content_;
  }
  /// All bytes.
  operator std::span<const std::byte>() const noexcept { // NOLINT: reads as the bytes that it is
    return content_;
  }
  /// All bytes as characters, whatever they are.
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

  // -- for Bulkhead -----------------------------------------------------------

  bytes(std::shared_ptr<const transport::payload_owner> owner, std::span<const std::byte> content) noexcept
    : owner_(std::move(owner)), content_(content) {
    // nop
  }

  [[nodiscard]] const std::shared_ptr<const transport::payload_owner>& owner() const noexcept {
    return owner_;
  }

private:
  /// Set in place of a size: the rest is a place among the message's attachments.
  static constexpr uint64_t attached_flag = uint64_t{1} << 63;

  /// Size first, as CAF's own byte sequences, then the block; or a place. Text formats get the size only.
  template <class Inspector>
  bool save(Inspector& f) const {
    auto count = static_cast<uint64_t>(size());
    auto inside = true;
    if (!f.has_human_readable_format()) {
      if (auto beside = transport::outgoing_attachments::scope::find(&f)) {
        if (auto index = beside->lend(*this)) {
          count = attached_flag | *index;
          inside = false;
        } else if (beside->refused()) {
          f.emplace_error(caf::sec::runtime_error, "no room for a payload");
          return false;
        }
      }
    } else {
      inside = false;
    }
    if (!f.begin_object(caf::invalid_type_id, "bytes") || !f.value(count))
      return false;
    if (inside && count > 0 && !f.value(caf::span<const caf::byte>{reinterpret_cast<const caf::byte*>(data()), size()}))
      return false;
    return f.end_object();
  }

  template <class Inspector>
  bool load(Inspector& f);

  std::shared_ptr<const transport::payload_owner> owner_;
  std::span<const std::byte> content_;
};

template <class Inspector>
bool bytes::load(Inspector& f) {
  uint64_t count = 0;
  if (!f.begin_object(caf::invalid_type_id, "bytes") || !f.value(count))
    return false;
  if ((count & attached_flag) != 0) {
    auto beside = transport::incoming_attachments::scope::find(&f);
    if (beside == nullptr || !beside->take(count & ~attached_flag, *this)) {
      f.emplace_error(caf::sec::runtime_error, "a payload did not come with the message");
      return false;
    }
    return f.end_object();
  }
  // A size that the input cannot hold is refused before memory is taken for it.
  if constexpr (requires { f.remaining(); }) {
    if (count > f.remaining()) {
      f.emplace_error(caf::sec::end_of_stream, "bytes: size exceeds the input");
      return false;
    }
  }
  if (count == 0) {
    *this = {};
    return f.end_object();
  }
  auto block = transport::make_heap_block(static_cast<size_t>(count));
  if (!f.value(caf::span<caf::byte>{reinterpret_cast<caf::byte*>(block.first), static_cast<size_t>(count)}))
    return false;
  *this = bytes{std::move(block.owner), {block.first, static_cast<size_t>(count)}};
  return f.end_object();
}

} // namespace bulkhead
