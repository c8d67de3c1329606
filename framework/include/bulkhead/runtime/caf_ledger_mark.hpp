#pragma once

#include "bulkhead/supervision/ledger.hpp"

#include <caf/tracing_data.hpp>

#include <memory>

namespace bulkhead::runtime {

/// Where a message to a supervised actor is booked besides.
struct ledger_booking {
  std::shared_ptr<supervision::ledger> books;
  supervision::ledger::place where;
  /// It has waited for a process, and must not wait, or be refused, for lack of room.
  bool unlimited = false;

  /// Whether a message that did not reach its process is delivered to the next one.
  [[nodiscard]] bool survives() const {
    return books && books->outlives(where);
  }
};

/// Makes what goes with one delivery of a message; its destructor tells the ledger that this delivery was handled.
[[nodiscard]] caf::tracing_data_ptr make_ledger_mark(ledger_booking what);

/// The booking behind a mark; null if it is null or of another kind.
[[nodiscard]] const ledger_booking* ledger_booking_of(const caf::tracing_data* mark) noexcept;

/// Whether a message with this mark is in the books of another sender, who limits it.
[[nodiscard]] inline bool limited_elsewhere(const caf::tracing_data* mark) noexcept {
  auto booking = ledger_booking_of(mark);
  return booking != nullptr ? booking->unlimited : mark != nullptr;
}

/// A copy of the booking behind a mark, which itself may move or go.
[[nodiscard]] inline ledger_booking booking_copy(const caf::tracing_data* mark) {
  auto booking = ledger_booking_of(mark);
  return booking != nullptr ? *booking : ledger_booking{};
}

} // namespace bulkhead::runtime
