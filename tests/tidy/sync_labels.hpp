#pragma once

#include "source_file.hpp"

namespace bulkhead::tidy {

/// Every access that is ordered (acquire, release, acq_rel, seq_cst) says in a comment `// sync: a/b` which access of another
/// thread or process it belongs to, on its line or right before it: in a comment of its own, or on the line where the call begins.
/// An access may have several labels.
///
/// A label `a/b` names a direction: what `a` writes is read by `b`. It stands at both accesses in the same words, so
/// every label occurs at one access that writes (store, exchange, ...) at least and at one that reads (load, exchange, ...).
/// A label elsewhere belongs to nothing and is a mistake.
[[nodiscard]] findings sync_label_mistakes(const std::vector<source_file>& files);

/// `memory_order` stands in shm only: lock-free code lives there.
[[nodiscard]] findings misplaced_memory_orders(const source_file& file);

} // namespace bulkhead::tidy
