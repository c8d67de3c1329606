// Habits with payloads and descriptors.

#include "hostile/worker/raw_worker.hpp"
#include "hostile/worker/payloads.hpp"

#include <cstring>

using namespace bulkhead;
using namespace bulkhead::transport;
using namespace hostile;

namespace {

constexpr auto far = uint64_t{1} << 40;

void send_attachments(raw_worker& x, const attachments_trailer& tail, std::span<const std::byte> references = {}) {
  auto response = caf::make_message_id(x.asked.word).response_id().integer_value();
  x.send(record_kind::message, {x.asked.source, own_actor, response, x.asked.source_process, x.number},
         with_trailer(references, tail), flag_has_attachments);
}

// An answer with one payload, or what it says to be one.
void lend(raw_worker& x, const payload_reference& what) {
  send_attachments(x, {0, 1, 0}, std::as_bytes(std::span{&what, 1}));
}

void announce(raw_worker& x, uint64_t bytes, int seals, bool reserved) {
  hostile::announce(x.end.channel.get(), bytes, seals, reserved);
}

void announce_good(raw_worker& x) {
  announce(x, chunk_bytes, good_seals, true);
}

// One habit a line.
// clang-format off
const habits known{
  // payloads and descriptors
  {"a loan is returned that was never lent", [](raw_worker& x) { x.send(record_kind::give_back, {999, 0, 0, 0, 0}); }},
  {"a loan is returned twice",
   [](raw_worker& x) {
     payload_reference lent;
     auto at = x.asked_body.size() - sizeof(attachments_trailer) - sizeof(lent);
     std::memcpy(&lent, x.asked_body.data() + at, sizeof(lent));
     for (int i = 0; i < 2; ++i)
       x.send(record_kind::give_back, {lent.loan, 0, 0, 0, 0});
   }},
  {"a payload lies in no chunk", [](raw_worker& x) { lend(x, {1, 77, 0, 10'000}); }},
  {"a payload passes its chunk", [](raw_worker& x) { announce_good(x); lend(x, {1, 1, chunk_bytes - 10, 11}); }},
  {"a payload starts behind its chunk", [](raw_worker& x) { announce_good(x); lend(x, {1, 1, far, 1}); }},
  {"a payload has no end", [](raw_worker& x) { announce_good(x); lend(x, {1, 1, 64, ~uint64_t{0} - 32}); }},
  {"a payload is empty", [](raw_worker& x) { announce_good(x); lend(x, {1, 1, 64, 0}); }},
  {"a chunk can shrink", [](raw_worker& x) { announce(x, chunk_bytes, F_SEAL_GROW, true); lend(x, {1, 1, 0, 100}); }},
  {"a chunk has holes", [](raw_worker& x) { announce(x, chunk_bytes, good_seals, false); lend(x, {1, 1, 0, 100}); }},
  {"a chunk is smaller than it says",
   [](raw_worker& x) { announce(x, 2 * chunk_bytes, good_seals, true); lend(x, {1, 1, 0, 100}); }},
  {"a chunk is larger than agreed", [](raw_worker& x) { announce(x, far, good_seals, true); lend(x, {1, 1, 0, 100}); }},
  {"a chunk comes twice", [](raw_worker& x) { announce_good(x); announce_good(x); lend(x, {1, 2, 0, 100}); }},
  {"attachments are cut off",
   [](raw_worker& x) { x.send(record_kind::message, {1, 1, 0, 0, 0}, caf::byte_buffer(3), flag_has_attachments); }},
  {"attachments exceed their record", [](raw_worker& x) { send_attachments(x, {0, 1000, 0}); }},
  {"descriptors were never sent", [](raw_worker& x) { send_attachments(x, {5, 0, 1}); }},
  {"descriptors are too many", [](raw_worker& x) { send_packets(x.end.channel.get(), 5); send_attachments(x, {99, 0, 20}); }},
  {"a packet is too short", [](raw_worker& x) { send_text(x.end.channel.get(), 1); send_attachments(x, {1, 0, 1}); }},
  {"a packet is too long", [](raw_worker& x) { send_text(x.end.channel.get(), 1000); send_attachments(x, {1, 0, 1}); }},
};
// clang-format on

} // namespace
