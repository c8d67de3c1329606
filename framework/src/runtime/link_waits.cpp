// Receivers that make others wait for too long: what is told of them, here and between processes.

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/transport/checked_deserializer.hpp"
#include "bulkhead/transport/death_certificate.hpp"

#include <caf/binary_serializer.hpp>

#include <cstring>
#include <string_view>
#include <utility>

namespace bulkhead::runtime {

using transport::envelope;
using transport::record_kind;

namespace {

/// How a wait is told.
struct told_wait {
  uint64_t id;
  uint64_t waits;
  uint64_t on;
  uint64_t request;
  uint64_t cause;
  uint64_t cause_of;
  transport::process_number waits_process;
  transport::process_number on_process;
  transport::process_number cause_process;
  uint32_t untouched;
};

static_assert(sizeof(told_wait) == 64);

/// What fits into a record of the control lane; more actors than that can only hide a circle, not make one up.
constexpr size_t told_waits_max = 200;
constexpr size_t circle_bytes_max = 4096;
constexpr size_t detail_bytes_max = 512;

} // namespace

bool link::check_receivers(uint64_t now_ns, uint64_t lost_ns) {
  if (closed_)
    return false;
  crowded_.forgive(lost_ns);
  if (auto dropped = dropped_.load(), told = dropped_told_.exchange(dropped); dropped != told)
    report({.what = backlog_incident::dropped, .messages = dropped - told, .detail = {}});
  for (auto& target : crowded_.all()) {
    auto crowded = backlog_->presses(target);
    if (!crowded_.is_slow(target, backlog_->handled_by(target), crowded, options_.slow_after_ms * 1'000'000, now_ns))
      continue;
    auto waiting = backlog_->waiting_for(target);
    backlog_event what{.what = backlog_incident::slow_consumer,
                       .receiver = target.actor,
                       .messages = waiting.messages,
                       .bytes = waiting.bytes,
                       .detail = "handled nothing for " + std::to_string(options_.slow_after_ms) + " ms"};
    auto complaint = "actor " + std::to_string(target.actor) + " " + what.detail;
    report(std::move(what));
    if (options_.when_full == overflow::wait)
      refuse_all(parked_->take_all(target), caf::make_error(errc::mailbox_full, explain(errc::mailbox_full)));
    if (options_.when_slow == slow_consumer::kill)
      events_->on_slow(complaint);
  }
  router_.the_loop().room_made(*this);
  return !crowded_.empty();
}

void link::break_circle(const wire_address& target, const std::string& circle) {
  crowded_.note(target, backlog_->handled_by(target), platform::now_ns());
  crowded_.give_up(target);
  auto waiting = backlog_->waiting_for(target);
  report({.what = backlog_incident::deadlock,
          .receiver = target.actor,
          .messages = waiting.messages,
          .bytes = waiting.bytes,
          .detail = circle});
  router_.the_loop().room_made(*this);
}

void link::break_circle(const pending_table::entry& request, const std::string& circle) {
  auto open = pending_.take(request.key);
  if (!open)
    return;
  if (authority_)
    authority_->lapsed();
  report({.what = backlog_incident::deadlock, .receiver = request.what.target.actor, .detail = circle});
  answer(open->requester, open->mid, caf::make_error(errc::deadlock, circle), &router_.context());
}

void link::want_tickets() {
  if (!closed_)
    tell_demand(backlog_->demand_always());
}

void link::break_circle_there(uint64_t id, const wire_address& target, const std::string& circle) {
  auto text = std::string_view{circle}.substr(0, circle_bytes_max);
  auto first = reinterpret_cast<const caf::byte*>(text.data());
  if (!closed_)
    (void) outbox_->send_control(record_kind::give_up, {target.actor, 0, id, target.process, 0}, {first, text.size()});
}

void link::tell_waits(const std::vector<wait_edge>& all) {
  std::vector<told_wait> told;
  for (auto& x : all)
    if (told.size() < told_waits_max)
      told.push_back({x.id, x.waits.actor, x.on.actor, x.request, x.cause, x.cause_of.actor, x.waits.process,
                      x.on.process, x.cause_of.process, x.untouched ? 1u : 0u});
  auto body = std::as_bytes(std::span{told});
  if (!closed_)
    (void) outbox_->send_control(record_kind::waits, {},
                                 {reinterpret_cast<const caf::byte*>(body.data()), body.size()});
}

void link::on_waits(const transport::incoming& record) {
  if (!router_.is_host()) {
    events_->on_waits_wanted();
    return;
  }
  auto count = record.body.size() / sizeof(told_wait);
  if (count * sizeof(told_wait) != record.body.size() || count > told_waits_max) {
    found_corrupt("its list of waiting actors is cut off");
    return;
  }
  std::vector<told_wait> told(count);
  if (count > 0)
    std::memcpy(told.data(), record.body.data(), record.body.size());
  std::vector<wait_edge> all;
  for (auto& x : told)
    if (x.waits_process == peer_) // it can speak for its own actors only
      all.push_back({.id = x.id,
                     .waits = {x.waits_process, x.waits},
                     .on = {x.on_process, x.on},
                     .request = x.request,
                     .cause = x.cause,
                     .cause_of = {x.cause_process, x.cause_of},
                     .untouched = x.untouched != 0});
  events_->on_waits(std::move(all));
}

void link::on_give_up(const transport::incoming& record) {
  std::string circle{reinterpret_cast<const char*>(record.body.data()), record.body.size()};
  events_->on_circle(record.head.word, {record.head.target_process, record.head.target}, circle);
}

// The host tells its subscribers; a worker tells the host.
void link::report(backlog_event what) {
  if (router_.is_host()) {
    events_->on_backlog(std::move(what));
    return;
  }
  caf::byte_buffer body;
  caf::binary_serializer sink{&router_.context(), body};
  what.to_worker = false;
  if (sink.apply(what) && !closed_)
    (void) outbox_->send_control(record_kind::report, {}, body);
}

void link::on_report(const transport::incoming& record) {
  if (!router_.is_host())
    return;
  backlog_event what;
  transport::checked_deserializer source{&router_.context(), record.body};
  if (!source.apply(what)) {
    found_corrupt("its report cannot be read");
    return;
  }
  what.to_worker = false;
  what.detail = printable(what.detail, detail_bytes_max);
  events_->on_backlog(std::move(what));
}

} // namespace bulkhead::runtime
