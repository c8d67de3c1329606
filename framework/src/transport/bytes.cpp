#include "bulkhead/transport/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace bulkhead {

namespace transport {

payload_owner::~payload_owner() = default;

namespace {

struct free_memory {
  void operator()(std::byte* first) const noexcept {
    std::free(first);
  }
};

using heap_memory = std::unique_ptr<std::byte, free_memory>;

heap_memory take_memory(size_t bytes) noexcept {
  if (bytes > PTRDIFF_MAX - payload_alignment)
    return nullptr;
  auto rounded = (bytes + payload_alignment - 1) / payload_alignment * payload_alignment;
  return heap_memory{static_cast<std::byte*>(std::aligned_alloc(payload_alignment, rounded))};
}

class heap_owner final : public payload_owner {
public:
  explicit heap_owner(heap_memory memory) noexcept : memory_(std::move(memory)) {
    // nop
  }

private:
  heap_memory memory_;
};

heap_block as_block(heap_memory memory) {
  auto first = memory.get();
  return {std::make_shared<heap_owner>(std::move(memory)), first};
}

class buffer_owner final : public payload_owner {
public:
  explicit buffer_owner(caf::byte_buffer content) noexcept : content_(std::move(content)) {
    // nop
  }

  [[nodiscard]] std::span<const std::byte> span() const noexcept {
    return {reinterpret_cast<const std::byte*>(content_.data()), content_.size()};
  }

private:
  caf::byte_buffer content_;
};

} // namespace

std::optional<heap_block> try_make_heap_block(size_t bytes) noexcept {
  auto memory = take_memory(bytes);
  return memory ? std::optional{as_block(std::move(memory))} : std::nullopt;
}

heap_block make_heap_block(size_t bytes) {
  auto memory = take_memory(bytes);
  if (!memory) {
    if (auto handler = std::get_new_handler())
      handler();
    throw std::bad_alloc{};
  }
  return as_block(std::move(memory));
}

} // namespace transport

bytes::bytes(caf::byte_buffer content) {
  if (content.empty())
    return;
  auto owner = std::make_shared<transport::buffer_owner>(std::move(content));
  content_ = owner->span();
  owner_ = std::move(owner);
}

bytes bytes::copy_of(std::span<const std::byte> content) {
  if (content.empty())
    return {};
  auto block = transport::make_heap_block(content.size());
  std::memcpy(block.first, content.data(), content.size());
  return bytes{std::move(block.owner), {block.first, content.size()}};
}

bytes bytes::copy_of(std::string_view content) {
  return copy_of(std::as_bytes(std::span{content.data(), content.size()}));
}

bytes bytes::slice(size_t offset, size_t count) const noexcept {
  if (offset >= size())
    return {};
  return bytes{owner_, content_.subspan(offset, std::min(count, size() - offset))};
}

} // namespace bulkhead
