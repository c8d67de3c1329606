// Habits that write to the shared memory: words of the header, headers of records, records in pieces, the black box.

#include "hostile/worker/raw_worker.hpp"
#include "hostile/worker/payloads.hpp"

#include <cstring>
#include <limits>

using namespace bulkhead;
using namespace bulkhead::transport;
using namespace hostile;

namespace {

constexpr auto far = uint64_t{1} << 40;

void piece(raw_worker& x, uint64_t id, uint64_t inner_kind, uint64_t total, size_t bytes) {
  x.send(record_kind::piece, {id, inner_kind, total, 0, 0}, caf::byte_buffer(bytes));
}

// One habit a line.
// clang-format off
const habits known{
  // words of the header
  {"published goes back", [](raw_worker& x) { x.header->published[0] = 0; x.freeze(); }},
  {"published passes the ring", [](raw_worker& x) { x.header->published[0] += far; x.freeze(); }},
  {"published is unaligned", [](raw_worker& x) { x.header->published[0] += 8; x.freeze(); }},
  {"control published passes the ring", [](raw_worker& x) { x.header->published[1] = far; x.freeze(); }},
  {"control published is unaligned", [](raw_worker& x) { x.header->published[1] = 3; x.freeze(); }},
  {"published without a record",
   [](raw_worker& x) {
     std::memset(x.data_ring, 0xee, x.end.rings.data_bytes);
     x.header->published[0] += 1024;
     x.freeze();
   }},
  {"consumed goes back", [](raw_worker& x) { x.goes_back_after = 60; }},
  {"consumed passes what was published", [](raw_worker& x) { x.header->consumed[0] += far; x.freeze(); }},
  {"consumed is unaligned", [](raw_worker& x) { x.header->consumed[0] += 1; x.freeze(); }},
  {"armed is odd for ever", [](raw_worker& x) { x.header->armed = std::numeric_limits<uint64_t>::max(); }},
  {"room is wanted that there will never be", [](raw_worker& x) { x.header->room_wanted[0] = far + 3; }},
  {"last words are unknown", [](raw_worker& x) { x.header->last_words = 0xfefefefe; }},
  {"hint is absurd", [](raw_worker& x) { x.header->hint = 0xffffffff; }},
  {"the black box is all ones", [](raw_worker& x) { scribble_and_die(*shm::black_box_of(x.end.own.data(), x.end.rings), std::byte{0xff}); }},
  {"the black box is half true", [](raw_worker& x) { scribble_and_die(*shm::black_box_of(x.end.own.data(), x.end.rings), std::byte{1}); }},
  {"magic, version and geometry change",
   [](raw_worker& x) { std::memset(static_cast<void*>(x.header), 0xab, offsetof(shm::region_header<>, published)); }},
  // headers of records
  {"a record is larger than any ring", [](raw_worker& x) { x.raw({0xffffffff, 1, 0, 0}, 64); }},
  {"a record passes what was published", [](raw_worker& x) { x.raw({4096, 1, 0, 0}, 64); }},
  {"a record is padding in the middle", [](raw_worker& x) { x.raw({0, shm::padding_kind, 0, 0}, 64); }},
  {"a record is shorter than its fixed part", [](raw_worker& x) { x.raw({8, 1, 0, 0}, 32); }},
  {"a record is empty", [](raw_worker& x) { x.raw({0, 1, 0, 0}, 16); }},
  {"a piece stands in the control lane", [](raw_worker& x) { x.raw({48, 2, 0, 0}, 64); }},
  {"a record has kind 0", [](raw_worker& x) { x.send(record_kind{0}, {}); }},
  {"a record has the first unknown kind", [](raw_worker& x) { x.send(static_cast<record_kind>(static_cast<uint16_t>(last_record_kind) + 1), {}); }},
  {"a record has a kind far off", [](raw_worker& x) { x.send(record_kind{0xfffe}, {}); }},
  // records in pieces
  {"a whole is smaller than its fixed part", [](raw_worker& x) { piece(x, 1, 1, 31, 8); }},
  {"a whole is larger than any message", [](raw_worker& x) { piece(x, 1, 1, ~uint64_t{0}, 8); }},
  {"a whole changes its size", [](raw_worker& x) { piece(x, 1, 1, 1000, 8); piece(x, 1, 1, 1001, 8); }},
  {"pieces exceed their whole", [](raw_worker& x) { piece(x, 1, 1, 64, 40); piece(x, 1, 1, 64, 40); }},
  {"a whole is a piece", [](raw_worker& x) { piece(x, 1, 2, 64, 64); }},
  {"a whole has an unknown kind", [](raw_worker& x) { piece(x, 1, 99, 64, 64); }},
  {"there are thousands of wholes", [](raw_worker& x) { for (uint64_t i = 1; i < 6000; ++i) piece(x, i, 1, 64, 1); }},
  {"pieces are empty", [](raw_worker& x) { for (int i = 0; i < 1000; ++i) piece(x, 1, 1, 64, 0); }},
};
// clang-format on

} // namespace
