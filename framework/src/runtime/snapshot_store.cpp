#include "bulkhead/runtime/snapshot_store.hpp"

#include "bulkhead/transport/snapshot.hpp"

#include <new>
#include <string_view>

namespace bulkhead::runtime {

namespace {

/// The room of a snapshot is kept for the next one unless that needs less than such a part of it.
constexpr size_t room_factor_max = 4;

std::string_view type_of(const caf::byte_buffer& encoded) {
  return transport::type_of_snapshot({reinterpret_cast<const std::byte*>(encoded.data()), encoded.size()});
}

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

void snapshot_store::begin_probation() {
  std::lock_guard guard{mutex_};
  former_ = last_;
}

void snapshot_store::end_probation() {
  std::lock_guard guard{mutex_};
  caf::byte_buffer{}.swap(former_);
}

void snapshot_store::fail_probation() {
  std::lock_guard guard{mutex_};
  if (type_of(last_) != type_of(former_))
    last_.swap(former_);
  caf::byte_buffer{}.swap(former_);
}

void snapshot_store::close() {
  std::lock_guard guard{mutex_};
  closed_ = true;
  caf::byte_buffer{}.swap(last_);
  caf::byte_buffer{}.swap(former_);
}

} // namespace bulkhead::runtime
