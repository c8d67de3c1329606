#include "bulkhead/runtime/snapshot_store.hpp"

#include <new>

namespace bulkhead::runtime {

namespace {

/// The room of a snapshot is kept for the next one unless that needs less than such a part of it.
constexpr size_t room_factor_max = 4;

} // namespace

void snapshot_store::keep(std::span<const std::byte> encoded) {
  auto first = reinterpret_cast<const caf::byte*>(encoded.data());
  std::lock_guard guard{mutex_};
  if (closed_)
    return;
  try {
    if (last_.capacity() / room_factor_max > encoded.size())
      last_ = caf::byte_buffer(first, first + encoded.size());
    else
      last_.assign(first, first + encoded.size());
  } catch (const std::bad_alloc&) {
    // Its size is the worker's choice. The one before counts.
  }
}

caf::byte_buffer snapshot_store::last() const {
  std::lock_guard guard{mutex_};
  return last_;
}

void snapshot_store::close() {
  std::lock_guard guard{mutex_};
  closed_ = true;
  caf::byte_buffer{}.swap(last_);
}

} // namespace bulkhead::runtime
