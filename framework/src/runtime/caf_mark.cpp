#include "bulkhead/runtime/caf_mark.hpp"

#include <caf/binary_serializer.hpp>
#include <caf/serializer.hpp>

#include <utility>

namespace bulkhead::runtime {

namespace {

class mark final : public caf::tracing_data {
public:
  mark(std::shared_ptr<handled_log> log, const wire_address& source, uint64_t ticket, uint64_t bytes) noexcept
    : log_(std::move(log)), source_(source), ticket_(ticket), bytes_(bytes) {
    // nop
  }

  ~mark() override {
    log_->handled(ticket_, bytes_);
  }

  [[nodiscard]] const wire_address& source() const noexcept {
    return source_;
  }

  // It means nothing in another process.
  bool serialize(caf::serializer&) const override {
    return true;
  }

  bool serialize(caf::binary_serializer&) const override {
    return true;
  }

private:
  const std::shared_ptr<handled_log> log_;
  const wire_address source_;
  const uint64_t ticket_;
  const uint64_t bytes_;
};

} // namespace

caf::tracing_data_ptr make_mark(std::shared_ptr<handled_log> log, const wire_address& source, uint64_t ticket, uint64_t bytes) {
  return std::make_unique<mark>(std::move(log), source, ticket, bytes);
}

wire_address source_of(const caf::tracing_data& what) {
  auto known = dynamic_cast<const mark*>(&what);
  return known != nullptr ? known->source() : wire_address{};
}

} // namespace bulkhead::runtime
