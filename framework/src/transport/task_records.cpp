#include "bulkhead/transport/task_records.hpp"

#include <string>
#include <utility>

namespace bulkhead::transport {

namespace {

const std::string& claims_label() {
  static const auto result = shared_label("task_claims", typeid(uint64_t), sizeof(uint64_t));
  return result;
}

} // namespace

task_claims::task_claims(shared_region::pointer region) : region_(std::move(region)) {
  // nop
}

caf::expected<task_claims> task_claims::make() {
  auto region = shared_region::make(shm::claim_board::bytes, region_writers::everybody);
  if (!region)
    return std::move(region.error());
  return task_claims{std::move(*region)};
}

shared_ticket task_claims::to_ticket() const {
  return {claims_label(), shm::claim_board::bytes, region_ ? region_->file() : fd{}, {}};
}

caf::error task_claims::from_ticket(shared_ticket& ticket) {
  *this = {};
  if (auto failed = check_label(ticket, claims_label()))
    return failed;
  if (!ticket.file)
    return {};
  auto region = shared_region::adopt(ticket.file, shm::claim_board::bytes, region_writers::everybody);
  if (!region)
    return std::move(region.error());
  *this = task_claims{std::move(*region)};
  return {};
}

} // namespace bulkhead::transport
