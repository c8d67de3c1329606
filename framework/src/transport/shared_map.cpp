#include "bulkhead/transport/shared_map.hpp"

#include "bulkhead/transport/errc.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/sec.hpp>

namespace bulkhead {

using transport::region_writers;
using transport::shared_region;

namespace {

const std::string& map_label() {
  static const auto result = transport::shared_label("shared_map", typeid(std::string_view), 0);
  return result;
}

} // namespace

caf::expected<shared_map> shared_map::make(std::vector<item> items) {
  if (!shm::frozen_map::sort(items))
    return caf::make_error(caf::sec::invalid_argument, "two values for one key of a shared map");
  auto region = shared_region::make(shm::frozen_map::bytes_for(items), region_writers::nobody,
                                    [&](std::span<std::byte> memory) { shm::frozen_map::write(items, memory); });
  if (!region)
    return std::move(region.error());
  shared_map result;
  result.region_ = std::move(*region);
  result.table_ = shm::frozen_map::open({result.region_->data(), result.region_->size()}).value();
  return result;
}

caf::expected<shared_map> shared_map::make(std::initializer_list<item> items) {
  return make(std::vector<item>(items));
}

transport::shared_ticket shared_map::to_ticket() const {
  if (!region_)
    return {map_label(), 0, {}, {}};
  return {map_label(), region_->size(), region_->file(), {}};
}

caf::error shared_map::from_ticket(transport::shared_ticket& ticket) {
  *this = {};
  if (auto failed = transport::check_label(ticket, map_label()))
    return failed;
  if (!ticket.file)
    return {};
  auto region = shared_region::adopt(ticket.file, ticket.extent, region_writers::nobody);
  if (!region)
    return std::move(region.error());
  auto table = shm::frozen_map::open({(*region)->data(), (*region)->size()});
  if (!table)
    return caf::make_error(errc::decode_failed, "the memory of a shared map holds no map");
  region_ = std::move(*region);
  table_ = *table;
  return {};
}

} // namespace bulkhead
