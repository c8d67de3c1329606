#pragma once

#include "bulkhead/supervision/ledger.hpp"

#include <caf/error.hpp>

#include <cstdint>
#include <vector>

namespace bulkhead::runtime {

/// Who looks after several supervised actors that can do each other's work.
///
/// Thread safety: called on any thread, without locks.
class slot_owner {
public:
  virtual ~slot_owner() = default;

  /// A process has come up and takes messages.
  virtual void slot_up(uint32_t number) = 0;

  /// There is none for a while.
  virtual void slot_down(uint32_t number) = 0;

  /// Whether `take_back` is wanted; else these messages wait for the next process.
  [[nodiscard]] virtual bool takes_back() const noexcept = 0;

  /// What a process that is gone had not begun to handle, in the order of sending.
  virtual void take_back(std::vector<supervision::ledger::entry> unbegun) = 0;

  /// It has ended for good, and leaves these messages.
  virtual void slot_over(uint32_t number, const caf::error& reason,
                         std::vector<supervision::ledger::entry> unbegun) = 0;
};

} // namespace bulkhead::runtime
