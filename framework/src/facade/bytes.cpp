#include "bulkhead/bytes.hpp"

#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"
#include "bulkhead/runtime/link.hpp"

#include <caf/actor_system.hpp>

namespace bulkhead {

caf::expected<bytes_builder> allocate(const caf::strong_actor_ptr& receiver, size_t size) {
  if (size == 0)
    return bytes_builder{nullptr, {}};
  auto proxy = receiver ? runtime::as_proxy(receiver) : nullptr;
  auto via = proxy != nullptr ? proxy->via() : nullptr;
  auto payloads = via && !via->closed() ? via->payloads() : nullptr;
  if (payloads != nullptr && size >= transport::lender::payload_bytes_min) {
    if (auto block = payloads->allocate(size)) {
      auto room = std::span{block->first(), size};
      return bytes_builder{std::move(block), room};
    }
    if (payloads->must_lend())
      return caf::make_error(errc::payload_room_full, explain(errc::payload_room_full));
  }
  if (auto block = transport::try_make_heap_block(size))
    return bytes_builder{std::move(block->owner), {block->first, size}};
  return caf::make_error(errc::payload_room_full, "the machine has no memory for so many bytes", size);
}

payload_use payloads_of(caf::actor_system& system) {
  payload_use result;
  if (auto loop = dynamic_cast<runtime::caf_scheduler*>(&system.scheduler()))
    loop->for_each_link([&result](runtime::link& x) {
      if (auto payloads = x.payloads()) {
        result.lent += payloads->open_loans();
        result.reserved_bytes += payloads->reserved_bytes();
      }
    });
  return result;
}

} // namespace bulkhead
