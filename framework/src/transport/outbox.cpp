#include "bulkhead/transport/outbox.hpp"

#include "bulkhead/shm/record.hpp"

#include <algorithm>

namespace bulkhead::transport {

namespace {

using lane_outcome = shm::lane_writer::outcome;

std::span<const std::byte> as_std(std::span<const caf::byte> body) {
  return {reinterpret_cast<const std::byte*>(body.data()), body.size()};
}

} // namespace

outbox::outbox(std::byte* own_region, const std::byte* peer_region, shm::geometry rings,
               const platform::event_fd& peer_bell, const platform::event_fd& own_bell, outbox_limits limits)
  : data_(own_region, peer_region, rings, shm::lane_id::data),
    control_(own_region, peer_region, rings, shm::lane_id::control),
    peer_bell_(peer_bell),
    own_bell_(own_bell),
    limits_(limits),
    ring_bytes_(rings.data_bytes),
    direct_bytes_max_(shm::largest_payload(rings.data_bytes)),
    control_bytes_max_(shm::largest_payload(rings.control_bytes)) {
  // nop
}

// The bells are rung under the mutex: once `close` has returned, nobody uses the edge any more.
outbox::outcome outbox::send(record_kind kind, uint16_t flags, const envelope& head, caf::byte_buffer&& body,
                             acceptance* told) {
  std::lock_guard guard{mutex_};
  if (closed_)
    return outcome::closed;
  if (body.size() > limits_.message_bytes_max)
    return outcome::too_large;
  auto packet = told != nullptr ? told->packet() : nullptr;
  // Ahead of their turn they would hold the room that a record in front of them waits for.
  auto ahead = packet && has_waiting() ? readiness::waits : send_ahead(packet);
  if (ahead == readiness::failed || !accept({accepted_.data + 1, accepted_.urgent}, told))
    return outcome::refused;
  if (ahead == readiness::ready)
    packet = nullptr;
  auto fits = sizeof(envelope) + body.size() <= direct_bytes_max_;
  if (fits && !packet && !has_waiting() && write(data_, kind, flags, head, body)) {
    if (data_.publish())
      peer_bell_.ring();
    return outcome::accepted;
  }
  parcel item{kind, flags, head, fits ? body : std::move(body), false, std::move(packet)};
  spill_.push_back(std::move(item));
  // The loop pumps when the peer has made room. A sender that floods helps now and then: looking for room costs a
  // cache line of the peer's.
  if (!has_waiting() || !fits || spill_.size() % help_interval == 0)
    pump_locked();
  return outcome::accepted;
}

outbox::outcome outbox::send_newest(record_kind kind, const envelope& head, caf::byte_buffer&& body) {
  std::lock_guard guard{mutex_};
  if (closed_)
    return outcome::closed;
  if (body.size() > limits_.message_bytes_max)
    return outcome::too_large;
  if (!newest_) {
    (void) accept({accepted_.data + 1, accepted_.urgent}, nullptr);
    if (sizeof(envelope) + body.size() <= direct_bytes_max_ && !has_waiting() && write(data_, kind, 0, head, body)) {
      if (data_.publish())
        peer_bell_.ring();
      return outcome::accepted;
    }
    spill_.push_back({kind, 0, head, {}, true});
  }
  newest_ = std::move(body);
  pump_locked();
  return outcome::accepted;
}

outbox::outcome outbox::send_urgent(uint16_t flags, const envelope& head, caf::byte_buffer&& body, acceptance* told) {
  if (sizeof(envelope) + body.size() > control_bytes_max_)
    return send(record_kind::message, flags, head, std::move(body), told);
  std::unique_lock guard{mutex_};
  if (closed_)
    return outcome::closed;
  if (body.size() > limits_.message_bytes_max)
    return outcome::too_large;
  // Control records bring the peer the room that it waits for, so none of them may wait for room for descriptors.
  using sent = descriptor_packet::outcome;
  auto packet = told != nullptr ? told->packet() : nullptr;
  auto ahead = packet ? packet->send() : sent::sent;
  if (ahead == sent::no_room) {
    guard.unlock();
    return send(record_kind::message, flags, head, std::move(body), told);
  }
  if (ahead == sent::failed || !accept({accepted_.data, accepted_.urgent + 1}, told))
    return outcome::refused;
  return put_control(record_kind::message, flags, head, body);
}

outbox::outcome outbox::send_control(record_kind kind, const envelope& head, std::span<const caf::byte> body) {
  std::lock_guard guard{mutex_};
  if (closed_)
    return outcome::closed;
  if (sizeof(envelope) + body.size() > control_bytes_max_)
    return outcome::too_large;
  return put_control(kind, 0, head, body);
}

bool outbox::accept(const record_counts& number, acceptance* told) {
  if (told != nullptr && !told->accepted(number))
    return false;
  accepted_ = number;
  return true;
}

outbox::outcome outbox::put_control(record_kind kind, uint16_t flags, const envelope& head,
                                    std::span<const caf::byte> body) {
  if (control_spill_.empty() && write(control_, kind, flags, head, body)) {
    if (control_.publish())
      peer_bell_.ring();
    return outcome::accepted;
  }
  parcel item{kind, flags, head, caf::byte_buffer(body.begin(), body.end()), false};
  control_waiting_bytes_ += weight(item);
  if (control_waiting_bytes_ > limits_.control_bytes_max)
    ignored_ = true;
  control_spill_.push_back(std::move(item));
  pump_locked();
  return outcome::accepted;
}

outbox::readiness outbox::send_ahead(const std::shared_ptr<descriptor_packet>& packet) {
  using sent = descriptor_packet::outcome;
  if (!packet)
    return readiness::ready;
  auto result = packet->send();
  if (result == sent::no_room) {
    // Announced before the last look, or what the peer takes meanwhile would be missed.
    wants_descriptors_ = true;
    result = packet->send();
    if (result != sent::no_room)
      wants_descriptors_ = false;
  }
  return result == sent::sent ? readiness::ready : result == sent::failed ? readiness::failed : readiness::waits;
}

// It was accepted, so it arrives in any case; without its descriptors, if they cannot be sent at all. Returns false if it waits.
bool outbox::send_late(parcel& item) {
  if (!item.packet)
    return true;
  wants_descriptors_ = false;
  auto ahead = send_ahead(item.packet);
  if (ahead == readiness::failed && item.packet->send_none() != descriptor_packet::outcome::sent)
    return false;
  if (ahead == readiness::waits)
    return false;
  item.packet = nullptr;
  return true;
}

void outbox::pump() {
  std::lock_guard guard{mutex_};
  if (!closed_ && has_waiting())
    pump_locked();
}

void outbox::close() {
  std::lock_guard guard{mutex_};
  closed_ = true;
}

void outbox::for_each_waiting(const std::function<void(const envelope&)>& visit) const {
  std::lock_guard guard{mutex_};
  for (auto waiting : {&control_spill_, &spill_})
    for (auto& item : *waiting)
      if (item.kind == record_kind::message)
        visit(item.head);
  for (auto& s : streams_) {
    if (s.whole.kind == record_kind::message)
      visit(s.whole.head);
    for (auto& item : s.behind)
      if (item.kind == record_kind::message)
        visit(item.head);
  }
}

void outbox::drop_waiting() {
  std::deque<parcel> spill, control; // both outlive the guard: the lender has a lock of its own
  std::list<stream> streams;
  std::lock_guard guard{mutex_};
  spill.swap(spill_);
  control.swap(control_spill_);
  streams.swap(streams_);
  newest_.reset();
  waiting_ = false;
}

bool outbox::write(shm::lane_writer& lane, record_kind kind, uint16_t flags, const envelope& head,
                   std::span<const caf::byte> body) {
  auto result = lane.put(static_cast<uint16_t>(kind), flags, std::as_bytes(std::span{&head, 1}), as_std(body));
  if (result == lane_outcome::corrupt)
    corrupt_.store(true);
  return result == lane_outcome::written;
}

outbox::stream* outbox::blocker_of(const envelope& head) {
  auto conflicts = [&head](const stream& s) {
    return s.whole.head.source == head.source && s.whole.head.source_process == head.source_process
           && (head.target == 0 || s.whole_source || s.whole.head.target == head.target);
  };
  auto i = std::find_if(streams_.begin(), streams_.end(), conflicts);
  return i != streams_.end() ? &*i : nullptr;
}

// Takes the item if it could be written, became a stream, or has to wait behind one.
bool outbox::try_place(parcel& item) {
  if (auto s = blocker_of(item.head)) {
    s->whole_source |= item.head.target == 0;
    s->behind.push_back(std::move(item));
    return true;
  }
  auto& body = item.newest ? *newest_ : item.body;
  auto large = sizeof(envelope) + body.size() > direct_bytes_max_;
  if (!large && !write(data_, item.kind, item.flags, item.head, body))
    return false;
  // Its content does not change any more.
  if (item.newest) {
    item.body = std::move(body);
    item.newest = false;
    newest_.reset();
  }
  if (large) {
    auto whole_source = item.head.target == 0;
    streams_.push_back({std::move(item), next_stream_++, 0, {}, whole_source});
  }
  return true;
}

bool outbox::pump_control() {
  while (!control_spill_.empty()) {
    auto& item = control_spill_.front();
    if (!write(control_, item.kind, item.flags, item.head, item.body))
      return false;
    control_waiting_bytes_ -= weight(item);
    control_spill_.pop_front();
  }
  return true;
}

outbox::spill_state outbox::pump_spill() {
  while (!spill_.empty()) {
    auto& first = spill_.front();
    if (blocker_of(first.head) == nullptr && !send_late(first))
      return spill_state::wants_descriptors;
    if (!try_place(first))
      return spill_state::full;
    spill_.pop_front();
  }
  return spill_state::empty;
}

// One piece: the envelope of the piece, the envelope of the whole, then bytes of its body.
bool outbox::write_piece(stream& s) {
  auto total = sizeof(envelope) + s.whole.body.size();
  envelope piece{s.id, (uint64_t{s.whole.flags} << 16) | static_cast<uint64_t>(s.whole.kind), total, 0, 0};
  if (s.sent == 0) {
    auto head = std::as_bytes(std::span{&s.whole.head, 1});
    auto start = std::span{reinterpret_cast<const caf::byte*>(head.data()), head.size()};
    if (!write(data_, record_kind::piece, flag_first_piece, piece, start))
      return false;
    s.sent = sizeof(envelope);
  }
  auto offset = s.sent - sizeof(envelope);
  auto count = std::min<size_t>(s.whole.body.size() - offset, direct_bytes_max_ - sizeof(envelope));
  if (!write(data_, record_kind::piece, 0, piece, std::span{s.whole.body}.subspan(offset, count)))
    return false;
  s.sent += count;
  return true;
}

// One piece of each stream in turn, so that a long one does not hold up a short one.
bool outbox::pump_streams() {
  for (auto i = streams_.begin(); i != streams_.end();) {
    if (!write_piece(*i))
      return false;
    if (i->sent < sizeof(envelope) + i->whole.body.size()) {
      ++i;
      continue;
    }
    auto behind = std::move(i->behind);
    i = streams_.erase(i);
    // They go to the front: whatever waits there was sent later or has nothing to do with them.
    spill_.insert(spill_.begin(), std::make_move_iterator(behind.begin()), std::make_move_iterator(behind.end()));
  }
  return true;
}

// Moves at most one mailbox full, makes it visible, and sees to it that somebody continues: the peer rings when it has
// made room; if there is room already, this process's own loop is rung.
void outbox::pump_locked() {
  auto stop_at = data_.position() + ring_bytes_;
  auto spill = spill_state::full;
  if (pump_control())
    do {
      spill = pump_spill();
      if (spill == spill_state::full || !pump_streams())
        break;
      // Streams do not wait for descriptors, and one that has ended puts back what waited for it.
      if (spill == spill_state::wants_descriptors && streams_.empty() && spill_.front().packet)
        break;
    } while ((!spill_.empty() || !streams_.empty()) && data_.position() < stop_at);
  // Control first: a reader that sees the data must see what was put into the control lane before.
  auto ring_peer = control_.publish();
  ring_peer |= data_.publish();
  if (ring_peer)
    peer_bell_.ring();
  auto waits = !spill_.empty() || !streams_.empty() || !control_spill_.empty();
  waiting_.store(waits);
  // What waits for descriptors only is looked at when the peer has taken some.
  auto for_descriptors = wants_descriptors_ && control_spill_.empty() && streams_.empty() && !spill_.empty()
                         && spill_.front().packet != nullptr;
  if (waits && !for_descriptors && !corrupt_.load()) {
    auto& lane = control_spill_.empty() ? data_ : control_;
    if (!lane.want_room())
      own_bell_.ring();
  }
}

} // namespace bulkhead::transport
