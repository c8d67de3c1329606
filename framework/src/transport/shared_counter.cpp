#include "bulkhead/transport/shared_counter.hpp"

#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/shm/counter_cells.hpp"

#include <utility>

namespace bulkhead {

using transport::region_writers;
using transport::shared_region;

namespace {

const std::string& counter_label() {
  static const auto result = transport::shared_label("shared_counter", typeid(int64_t), sizeof(int64_t));
  return result;
}

shm::counter_cells cells_of(const shared_region::pointer& region) {
  if (!region)
    transport::throw_unreadable(transport::unreadable(true));
  return shm::counter_cells{region->data()};
}

} // namespace

shared_counter::shared_counter(shared_region::pointer region)
  : region_(std::move(region)), cell_(static_cast<size_t>(platform::pid())) {
  // nop
}

caf::expected<shared_counter> shared_counter::make() {
  auto region = shared_region::make(shm::counter_cells::bytes, region_writers::everybody);
  if (!region)
    return std::move(region.error());
  return shared_counter{std::move(*region)};
}

void shared_counter::add(int64_t amount) const {
  cells_of(region_).add(cell_, static_cast<uint64_t>(amount));
}

int64_t shared_counter::load() const {
  return static_cast<int64_t>(cells_of(region_).sum());
}

transport::shared_ticket shared_counter::to_ticket() const {
  return {counter_label(), shm::counter_cells::bytes, region_ ? region_->file() : fd{}, {}};
}

caf::error shared_counter::from_ticket(transport::shared_ticket& ticket) {
  *this = {};
  if (auto failed = transport::check_label(ticket, counter_label()))
    return failed;
  if (!ticket.file)
    return {};
  auto region = shared_region::adopt(ticket.file, shm::counter_cells::bytes, region_writers::everybody);
  if (!region)
    return std::move(region.error());
  *this = shared_counter{std::move(*region)};
  return {};
}

} // namespace bulkhead
