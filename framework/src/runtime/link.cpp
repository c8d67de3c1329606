#include "bulkhead/runtime/link.hpp"

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/shm/notes.hpp"

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

#include <algorithm>

namespace bulkhead::runtime {

link_events::~link_events() = default;

void link_events::on_spawn(uint64_t, transport::spawn_request, caf::execution_unit&) {
  // nop
}
bool link_events::on_rooted(uint64_t, uint64_t) {
  return true;
}
void link_events::on_spawned(uint64_t, caf::error) {
  // nop
}
bool link_events::owns_root(uint64_t) const {
  return false;
}
void link_events::on_root_released(uint64_t) {
  // nop
}
void link_events::on_root_down(uint64_t, const caf::error&) {
  // nop
}
void link_events::on_stop(bool) {
  // nop
}
void link_events::on_freeze(bool) {
  // nop
}
void link_events::on_frozen(bool) {
  // nop
}
void link_events::on_hand_over() {
  // nop
}
void link_events::on_snapshot(uint64_t, std::span<const std::byte>) {
  // nop
}
void link_events::on_corrupt(const std::string&) {
  // nop
}
void link_events::on_backlog(backlog_event) {
  // nop
}
void link_events::on_waits(std::vector<wait_edge>) {
  // nop
}
void link_events::on_waits_wanted() {
  // nop
}
void link_events::on_circle(uint64_t, const wire_address&, const std::string&) {
  // nop
}
void link_events::on_slow(const std::string&) {
  // nop
}

namespace {

// Urgent messages wait with the control records.
transport::outbox_limits records_of(const link_limits& limits) {
  auto result = limits.records;
  result.control_bytes_max += 4 * limits.backlog.all.bytes_max;
  return result;
}

} // namespace

link::link(router& routes, transport::process_number peer, transport::edge end, const link_limits& limits,
           link_events& events)
  : router_(routes),
    peer_(peer),
    peer_node_(routes.node_of(peer)),
    events_(&events),
    edge_(std::move(end)),
    options_(limits.backlog),
    resolved_(std::make_unique<resolve_cache>()) {
  inbox_.emplace(edge_->own.data(), edge_->peer.data(), edge_->rings, limits.records.message_bytes_max);
  outbox_.emplace(edge_->own.data(), edge_->peer.data(), edge_->rings, edge_->peer_bell, edge_->own_bell,
                  records_of(limits));
  backlog_.emplace(options_.all, options_.each);
  parked_.emplace(options_.each);
  channel_.emplace(std::move(edge_->channel));
  lender_.emplace(*channel_, limits.payloads, [&routes] { routes.the_loop().memory_is_idle(); });
  borrower_.emplace(*channel_, limits.payloads.bytes_max);
  if (router_.is_host()) {
    reached_ = std::make_unique<resolve_cache>();
    authority_.emplace(*this, router_, pending_, *events_);
  }
}

link::link(router& routes) : router_(routes), peer_(0), closed_(true), end_reason_(caf::make_error(errc::no_route)) {
  // nop
}

link::~link() = default;

std::shared_ptr<link> link::make(router& routes, transport::process_number peer, transport::edge end,
                                 const link_limits& limits, link_events& events) {
  return std::shared_ptr<link>{new link(routes, peer, std::move(end), limits, events)};
}

std::shared_ptr<link> link::nowhere(router& routes) {
  return std::shared_ptr<link>{new link(routes)};
}

bool link::try_read() noexcept {
  if (closed_ || !reading_.try_take())
    return false;
  if (!closed_)
    return true;
  reading_.give_back();
  return false;
}

int link::bell() const noexcept {
  return edge_->own_bell.fd();
}

void link::drain_bell() const noexcept {
  edge_->own_bell.drain();
}

uint32_t link::last_words() const noexcept {
  return shm::last_words(edge_->peer.data());
}

const shm::black_box& link::black_box() const noexcept {
  return transport::black_box_of_peer(*edge_);
}

uint32_t link::hint() const noexcept {
  return shm::hint(edge_->peer.data());
}

void link::give_hint(uint32_t awake_loops) noexcept {
  shm::give_hint(edge_->own.data(), awake_loops);
}

bool link::peer_sleeps() const noexcept {
  return shm::sleeps(edge_->peer.data());
}

std::span<std::byte> link::ticket_states() const noexcept {
  return {edge_->ticket_states.data(), edge_->ticket_states.size()};
}

bool link::flushed() const noexcept {
  return !outbox_ || !outbox_->has_waiting();
}

// Whoever reads holds the turn only while it decodes a batch, never while an actor runs.
void link::wait_for_turn() noexcept {
  while (!reading_.try_take())
    platform::yield_cpu();
}

void link::let_go() {
  wait_for_turn();
  resolved_.reset();
  borrower_.reset();
  channel_.reset();
  edge_.reset();
  reading_.give_back();
}

// The requests that the peer has certainly not looked at.
request_set link::untouched_requests() {
  request_set result;
  auto add = [&](const transport::envelope& head) {
    auto mid = caf::message_id{head.word};
    if (mid.is_request())
      result.insert({head.source_process, head.source, mid.request_id().integer_value()});
  };
  transport::for_each_unread(*edge_, add);
  outbox_->for_each_waiting(add);
  return result;
}

void link::drain() {
  wait_for_turn();
  while (poll(router_.context(), 256) > 0)
    continue;
  reading_.give_back();
}

void link::found_corrupt(const std::string& complaint) {
  if (!corrupt_.exchange(true))
    events_->on_corrupt(complaint);
}

void link::close(const std::optional<worker_death>& death, const request_set& kept) {
  wait_for_turn();
  end_reason_ = death ? make_error(*death) : caf::make_error(caf::exit_reason::user_shutdown);
  outbox_->close();
  lender_->close();
  closed_ = true;
  reading_.give_back();
  auto untouched = untouched_requests();
  outbox_->drop_waiting();
  for (auto& entry : pending_.take_all()) {
    if (kept.contains(entry.key))
      continue;
    auto reason = end_reason_;
    if (death) {
      auto own = *death;
      own.in_doubt = !untouched.contains(entry.key);
      reason = make_error(own);
    } else {
      reason = caf::make_error(caf::sec::request_receiver_down);
    }
    answer(entry.what.requester, entry.what.mid, std::move(reason), &router_.context());
  }
  refuse_all(parked_->take_all(), end_reason_);
  (void) backlog_->clear();
  router_.the_loop().room_made(*this);
  router_.detach(peer_, end_reason_);
}

} // namespace bulkhead::runtime
