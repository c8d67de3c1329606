#pragma once

#include <bulkhead/errors.hpp>

#include <cstdint>

namespace soak {

// The heavy actors of the soak test, known to each worker of this program. All but the last two tell the witness of a message with
// a number `n` (uint64_t), and answer with `mixed(n)`, plus the size of what comes with it.
//   "handler"   (n), (n, string), (n, bytes); (add_atom, sender, n): no answer, in order; (put_atom): nothing, when it was handled;
//               (get_atom, n): the same as (n), and the witness learns nothing
//   "relay"     its argument is a handler: (n) is delegated to that
//   "keeper"    add_atom: adds one to the count that its processes hand over, and answers with it
//   "publisher" open_atom: the `shared_value<reading>` of this process; tick_atom: stores a hundred more

/// What a message is answered with, so that no other answer can be taken for it.
[[nodiscard]] constexpr uint64_t mixed(uint64_t x) noexcept { // the finalizer of MurmurHash3
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccd;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53;
  return x ^ (x >> 33);
}

/// Tasks: the first one only computes, the other two tell the witness as well.
uint64_t plain_task(uint64_t number);
uint64_t short_task(uint64_t number);
uint64_t long_task(uint64_t number);

} // namespace soak
