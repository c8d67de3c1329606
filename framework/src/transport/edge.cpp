#include "bulkhead/transport/edge.hpp"

#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/shm/lane_reader.hpp"
#include "bulkhead/shm/ticket_states.hpp"

#include <cerrno>
#include <memory>
#include <new>
#include <utility>

namespace bulkhead::transport {

namespace {

platform::result<void> add_ticket_states(new_edge& what, size_t tracked_tickets) {
  constexpr size_t nothing_yet = 1;
  auto states =
    platform::memory_file::create_in_part("bulkhead-states", shm::ticket_states_bytes(tracked_tickets), nothing_yet);
  if (!states)
    return states.error();
  auto seen = states->map_readonly();
  if (!seen)
    return seen.error();
  what.host.ticket_states = std::move(*seen);
  what.ticket_states.emplace(std::move(*states));
  return {};
}

} // namespace

platform::result<new_edge> make_edge(shm::geometry rings, size_t tracked_tickets) {
  auto bytes = shm::region_bytes(rings);
  auto down = platform::memory_file::create_in_part("bulkhead-down", bytes, shm::header_bytes);
  if (!down)
    return down.error();
  auto up = platform::memory_file::create_in_part("bulkhead-up", bytes, shm::header_bytes);
  if (!up)
    return up.error();
  auto own = down->map_writable();
  if (!own)
    return own.error();
  if (auto sealed = down->forbid_new_writers(); !sealed)
    return sealed.error();
  shm::initialize(own->data(), rings);
  {
    // Before the worker exists its region is the host's to prepare; this mapping is gone before the worker starts.
    auto prepared = up->map_writable();
    if (!prepared)
      return prepared.error();
    shm::initialize(prepared->data(), rings);
  }
  auto peer = up->map_readonly();
  if (!peer)
    return peer.error();
  auto own_bell = platform::event_fd::create();
  if (!own_bell)
    return own_bell.error();
  auto peer_bell = platform::event_fd::create();
  if (!peer_bell)
    return peer_bell.error();
  auto channel = platform::socket_pair::create();
  if (!channel)
    return channel.error();
  new_edge result{{rings,
                   std::move(*own),
                   std::move(*peer),
                   std::move(*own_bell),
                   std::move(*peer_bell),
                   std::move(channel->ours),
                   {}},
                  std::move(*down),
                  std::move(*up),
                  std::move(channel->theirs),
                  std::nullopt};
  if (tracked_tickets > 0)
    if (auto added = add_ticket_states(result, tracked_tickets); !added)
      return added.error();
  return result;
}

platform::result<void> reserve_pages(new_edge& what) {
  for (auto file : {&what.down_region, &what.up_region, what.ticket_states ? &*what.ticket_states : nullptr})
    if (file != nullptr)
      if (auto reserved = file->reserve_rest(); !reserved)
        return reserved;
  return {};
}

platform::result<edge> adopt_edge(shm::geometry rings, platform::unique_fd down_region, platform::unique_fd up_region,
                                  platform::unique_fd worker_bell, platform::unique_fd host_bell,
                                  platform::unique_fd channel) {
  auto bytes = shm::region_bytes(rings);
  auto down = platform::memory_file::adopt(std::move(down_region), bytes);
  if (!down)
    return down.error();
  auto up = platform::memory_file::adopt(std::move(up_region), bytes);
  if (!up)
    return up.error();
  auto peer = down->map_readonly();
  if (!peer)
    return peer.error();
  auto own = up->map_writable();
  if (!own)
    return own.error();
  if (auto sealed = up->forbid_new_writers(); !sealed)
    return sealed.error();
  if (!shm::check(peer->data(), peer->size(), rings) || !shm::check(own->data(), own->size(), rings))
    return platform::os_error{EPROTO, "layout"};
  return edge{rings,
              std::move(*own),
              std::move(*peer),
              platform::event_fd::adopt(std::move(worker_bell)),
              platform::event_fd::adopt(std::move(host_bell)),
              std::move(channel),
              {}};
}

platform::result<void> adopt_ticket_states(edge& own_end, platform::unique_fd states, size_t tracked_tickets) {
  auto file = platform::memory_file::adopt(std::move(states), shm::ticket_states_bytes(tracked_tickets));
  if (!file)
    return file.error();
  auto own = file->map_writable();
  if (!own)
    return own.error();
  if (auto sealed = file->forbid_new_writers(); !sealed)
    return sealed.error();
  own_end.ticket_states = std::move(*own);
  return {};
}

namespace {

// Of a message in pieces the first piece counts: while that is unread, so is the whole.
void visit_message(const shm::record_view& view, const std::function<void(const envelope&)>& visit) {
  constexpr auto message = static_cast<uint16_t>(record_kind::message);
  if (view.kind == message && view.payload.size() >= sizeof(envelope)) {
    visit(read_envelope(view.payload));
  } else if (view.kind == static_cast<uint16_t>(record_kind::piece) && view.flags == flag_first_piece
             && view.payload.size() == 2 * sizeof(envelope)) {
    if ((read_envelope(view.payload).source & 0xffff) == message)
      visit(read_envelope(view.payload.subspan(sizeof(envelope))));
  }
}

} // namespace

const shm::black_box& black_box_of_peer(const edge& own_end) noexcept {
  return *shm::black_box_of(own_end.peer.data(), own_end.rings);
}

void for_each_unread(edge& own_end, const std::function<void(const envelope&)>& visit) {
  auto start = shm::consumed_by(own_end.peer.data());
  if (start.data % shm::record_alignment != 0 || start.control % shm::record_alignment != 0)
    return;
  // A reader of the own lane, with cursors in a scratch header that start where the peer stands.
  struct page_delete {
    void operator()(std::byte* page) const {
      ::operator delete[](page, std::align_val_t{shm::header_bytes});
    }
  };
  auto scratch = std::unique_ptr<std::byte[], page_delete>{
    static_cast<std::byte*>(::operator new[](shm::header_bytes, std::align_val_t{shm::header_bytes}))};
  shm::initialize(scratch.get(), own_end.rings, {.published = {}, .consumed = start});
  for (auto lane : {shm::lane_id::control, shm::lane_id::data}) {
    shm::lane_reader reader{scratch.get(), own_end.own.data(), own_end.rings, lane};
    shm::record_view view;
    while (reader.next(view) == shm::lane_reader::outcome::record) {
      visit_message(view, visit);
      reader.consume();
    }
  }
}

} // namespace bulkhead::transport
