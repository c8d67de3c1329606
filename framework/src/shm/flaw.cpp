#include "bulkhead/shm/flaw.hpp"

namespace bulkhead::shm {

const char* sentence(flaw found) noexcept {
  switch (found) {
  case flaw::none:
    return "nothing is corrupt";
  case flaw::published_went_back:
    return "the peer took back records that it had published";
  case flaw::published_passes_room:
    return "the peer published more than there was room for";
  case flaw::published_unaligned:
    return "the peer published a position that is not a multiple of 16";
  case flaw::record_too_large:
    return "a record is larger than its lane allows";
  case flaw::record_crosses_end:
    return "a record crosses the end of the ring";
  case flaw::record_passes_published:
    return "a record is longer than what the peer published";
  case flaw::padding_malformed:
    return "a padding record does not fill the tail of the ring in front of a record";
  case flaw::consumed_went_back:
    return "the peer took back room that it had given back";
  case flaw::consumed_passes_published:
    return "the peer consumed more than was published";
  case flaw::consumed_unaligned:
    return "the peer consumed up to a position that is not a multiple of 16";
  case flaw::consumed_too_far_behind:
    return "the peer starts to read where the ring was overwritten";
  }
  return "a flaw without a sentence";
}

} // namespace bulkhead::shm
