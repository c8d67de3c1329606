#include "bulkhead/transport/inbox.hpp"

#include <new>
#include <utility>

namespace bulkhead::transport {

namespace {

// A buffer that grew for one huge message is not kept.
constexpr size_t kept_bytes_max = size_t{4} << 20;

} // namespace

inbox::inbox(std::byte* own_region, const std::byte* peer_region, shm::geometry rings, uint64_t message_bytes_max)
  : data_(own_region, peer_region, rings, shm::lane_id::data),
    control_(own_region, peer_region, rings, shm::lane_id::control),
    doorbell_(own_region, data_, control_),
    message_bytes_max_(message_bytes_max) {
  // nop
}

inbox::outcome inbox::next(incoming& out) {
  if (!complaint_.empty())
    return outcome::corrupt;
  for (;;) {
    auto found = false;
    auto result = take(control_, out, found);
    if (result != outcome::empty)
      return result;
    result = take(data_, out, found);
    if (result != outcome::empty || !found)
      return result;
  }
}

bool inbox::publish_consumed() {
  auto ring = data_.publish_consumed();
  return control_.publish_consumed() || ring;
}

inbox::outcome inbox::fail(std::string complaint) {
  complaint_ = std::move(complaint);
  return outcome::corrupt;
}

// One record of `lane`. Returns `empty` with `found` if there was one but there is nothing to show yet: it was a piece and its
// whole is not complete, or the control lane comes first.
inbox::outcome inbox::take(shm::lane_reader& lane, incoming& out, bool& found) {
  shm::record_view view;
  switch (lane.next(view)) {
  case shm::lane_reader::outcome::empty:
    found = false;
    return outcome::empty;
  case shm::lane_reader::outcome::corrupt:
    return fail(lane.what_is_corrupt());
  default:
    break;
  }
  found = true;
  // Since `next` has seen this record, it sees all that was put into the control lane before.
  if (&lane == &data_ && control_.has_data())
    return outcome::empty;
  if (copy_.capacity() > kept_bytes_max)
    caf::byte_buffer{}.swap(copy_);
  auto first = reinterpret_cast<const caf::byte*>(view.payload.data());
  copy_.assign(first, first + view.payload.size());
  lane.consume();
  if (copy_.size() < sizeof(envelope))
    return fail("a record is shorter than its fixed part");
  auto payload = std::as_bytes(std::span{copy_});
  if (view.kind != static_cast<uint16_t>(record_kind::piece)) {
    if (&lane == &data_)
      ++completed_.data;
    else if (view.kind == static_cast<uint16_t>(record_kind::message))
      ++completed_.urgent;
    return accept(view.kind, view.flags, payload, out);
  }
  if (&lane == &control_)
    return fail("a piece stands in the control lane");
  auto complete = false;
  auto result = add_piece(read_envelope(payload), payload.subspan(sizeof(envelope)), out, complete);
  return complete || result == outcome::corrupt ? result : outcome::empty;
}

inbox::outcome inbox::add_piece(const envelope& head, std::span<const std::byte> body, incoming& out, bool& complete) {
  auto i = streams_.find(head.target);
  if (i == streams_.end()) {
    if (head.word < sizeof(envelope) || head.word > message_bytes_max_ + sizeof(envelope))
      return fail("a record in pieces claims an impossible size");
    if (streams_.size() >= open_streams_max || open_bytes_ > 2 * message_bytes_max_)
      return fail("too many records in pieces are open at once");
    i = streams_.emplace(head.target, stream{head.word, {}}).first;
  }
  auto& s = i->second;
  if (head.word != s.total || body.size() > s.total - s.content.size())
    return fail("a record in pieces does not keep to its size");
  auto first = reinterpret_cast<const caf::byte*>(body.data());
  try {
    // Memory follows what has arrived, not what is claimed.
    s.content.insert(s.content.end(), first, first + body.size());
  } catch (const std::bad_alloc&) {
    return fail("no memory left for a record in pieces");
  }
  open_bytes_ += body.size();
  if (s.content.size() < s.total)
    return outcome::empty;
  complete = true;
  ++completed_.data;
  open_bytes_ -= s.total;
  copy_ = std::move(s.content);
  streams_.erase(i);
  return accept(static_cast<uint16_t>(head.source & 0xffff), static_cast<uint16_t>((head.source >> 16) & 0xffff),
                std::as_bytes(std::span{copy_}), out);
}

inbox::outcome inbox::accept(uint16_t kind, uint16_t flags, std::span<const std::byte> payload, incoming& out) {
  if (kind == 0 || kind > static_cast<uint16_t>(last_record_kind) || kind == static_cast<uint16_t>(record_kind::piece))
    return fail("a record has the unknown kind " + std::to_string(kind));
  out.kind = static_cast<record_kind>(kind);
  out.flags = flags;
  out.head = read_envelope(payload);
  out.body = payload.subspan(sizeof(envelope));
  return outcome::record;
}

} // namespace bulkhead::transport
