#include "bulkhead/runtime/caf_ledger_mark.hpp"

#include <caf/binary_serializer.hpp>
#include <caf/serializer.hpp>

#include <typeinfo>
#include <utility>

namespace bulkhead::runtime {

namespace {

class ledger_mark final : public caf::tracing_data {
public:
  explicit ledger_mark(ledger_booking what) noexcept : booking(std::move(what)) {
    // nop
  }

  ~ledger_mark() override {
    booking.books->handled(booking.where);
  }

  // It means nothing in another process.
  bool serialize(caf::serializer&) const override {
    return true;
  }

  bool serialize(caf::binary_serializer&) const override {
    return true;
  }

  const ledger_booking booking;
};

} // namespace

caf::tracing_data_ptr make_ledger_mark(ledger_booking what) {
  return std::make_unique<ledger_mark>(std::move(what));
}

const ledger_booking* ledger_booking_of(const caf::tracing_data* mark) noexcept {
  return mark != nullptr && typeid(*mark) == typeid(ledger_mark) ? &static_cast<const ledger_mark*>(mark)->booking
                                                                 : nullptr;
}

} // namespace bulkhead::runtime
