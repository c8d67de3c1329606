#pragma once

#include "bulkhead/runtime/link.hpp"

namespace bulkhead::runtime {

/// While it lives, what the calling thread sends through a link waits.
///
/// Thread safety: of one thread. Lifetime: the link must outlive it.
class link::hold {
public:
  explicit hold(link& what);
  ~hold();
  hold(const hold&) = delete;
  hold& operator=(const hold&) = delete;

private:
  link& link_;
};

} // namespace bulkhead::runtime
