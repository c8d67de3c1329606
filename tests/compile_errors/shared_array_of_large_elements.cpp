// error: an element of a shared array is a plain value of 1, 2, 4 or 8 bytes
#include "snippet.hpp"

struct large {
  double all[4];
};

void bad(const bulkhead::shared_array<large>& x) {
  (void) x.size();
}
