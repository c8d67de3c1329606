#include "bulkhead/shm/invariant.hpp"

#include <cstdio>
#include <cstdlib>

namespace bulkhead::shm {

void invariant_broken(const char* sentence) noexcept {
  std::fprintf(stderr, "bulkhead: invariant broken: %s\n", sentence);
  std::abort();
}

} // namespace bulkhead::shm
