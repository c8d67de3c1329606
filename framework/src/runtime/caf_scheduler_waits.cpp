// Actors that are not resumed because they send faster than others handle.

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/caf_awaited.hpp"
#include "bulkhead/runtime/caf_scheduler_io.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// From when on a wait is worth to be looked at.
constexpr uint64_t long_wait_ns = 150'000'000;

/// Requests that are open for longer than that, and at most twice as long, are looked at.
constexpr std::chrono::milliseconds request_period{150};

} // namespace

thread_local caf_scheduler::running* caf_scheduler::running::of_thread = nullptr;

caf_scheduler::running::running(caf::resumable* what) : job(what) {
  if (job->subtype() == caf::resumable::scheduled_actor)
    of_thread = this;
}

caf_scheduler::running::~running() {
  of_thread = nullptr;
}

bool caf_scheduler::runs_actor() const noexcept {
  return running::of_thread != nullptr;
}

bool caf_scheduler::may_park(uint64_t bytes, const backlog_limits& most) noexcept {
  auto now = running::of_thread;
  if (now == nullptr || now->parked.messages >= most.messages_max || now->parked.bytes >= most.bytes_max)
    return false;
  ++now->parked.messages;
  now->parked.bytes += waiting_bytes(bytes);
  return true;
}

bool caf_scheduler::output_waits() {
  auto now = running::of_thread;
  if (now != nullptr && now->wanted)
    return true;
  std::lock_guard guard{links_mutex_};
  return std::any_of(links_.begin(), links_.end(), [](auto& x) { return !x->flushed(); });
}

void caf_scheduler::wait_for_room(const std::shared_ptr<link>& via, const flow& who) {
  if (auto now = running::of_thread; now != nullptr && !now->wanted)
    now->wanted.emplace(room_wait{via, who});
}

// The caller's reference goes to the list. Room that is made before the actor stands in the list is seen afterwards.
void caf_scheduler::suspend(caf::resumable* job, room_wait what, bool runnable) {
  auto via = what.via;
  waits_.add(job, std::move(what), runnable);
  room_made(*via);
  check_soon(); // for an exit
}

void caf_scheduler::room_made(link& via) {
  if (waits_.empty())
    return;
  for (auto job : waits_.take_ready(&via))
    enqueue(job);
}

void caf_scheduler::nothing_parked(link& via, const wire_address& source) {
  for (auto job : waits_.take_of(&via, source))
    enqueue(job);
}

void caf_scheduler::end_waits() {
  for (auto job : waits_.take_all())
    enqueue(job);
}

// -- receivers at their limits ------------------------------------------------

void caf_scheduler::receiver_is_crowded() {
  crowded_ = true;
  check_soon();
}

void caf_scheduler::check_soon() {
  if (checking_ || checking_.exchange(true))
    return;
  keeper_->post([this] {
    auto next = std::chrono::steady_clock::now() + check_period;
    io_->check_time.plan(next);
    io_->check_timer.expires_at(next);
    io_->check_timer.async_wait([this](boost::system::error_code failed) {
      if (!failed)
        check_receivers();
    });
  });
}

void caf_scheduler::check_receivers() {
  checking_ = false;
  crowded_ = false;
  auto crowded = false;
  auto now = platform::now_ns();
  auto lost_before = io_->check_time.lost();
  io_->check_time.look(std::chrono::steady_clock::now());
  auto lost_ns = static_cast<uint64_t>(std::chrono::nanoseconds{io_->check_time.lost() - lost_before}.count());
  for_each_link([&](link& x) { crowded |= x.check_receivers(now, lost_ns); });
  for (auto job : waits_.take_exiting())
    enqueue(job);
  if (!waits_.empty())
    check_soon();
  auto all = waits_.edges(long_wait_ns, now);
  if (crowded || !all.empty())
    receiver_is_crowded();
  // Before the answers are looked at: one that comes afterwards is for the next time.
  auto unanswered = request_waits_.asks();
  for (const auto& x : request_waits_.edges())
    all.push_back(x);
  if (on_waiting(std::move(all)) || unanswered)
    check_soon();
}

// -- requests that are open for long ------------------------------------------

request_key caf_scheduler::handled_request() const noexcept {
  auto now = running::of_thread;
  return now != nullptr ? runtime::handled_request(*now->job, router_->self()) : request_key{};
}

// On the thread that also closes links and gives their memory back.
void caf_scheduler::lapse(request_set requests) {
  keeper_->post([this, over = std::move(requests)]() mutable {
    while (!over.empty()) {
      request_set caused;
      on_lapsed(over);
      for_each_link([&](link& x) { x.lapse(over, caused); });
      over = std::move(caused);
    }
  });
}

void caf_scheduler::on_lapsed(const request_set&) {
  // nop
}

void caf_scheduler::request_made() {
  if (requests_watched_ || requests_watched_.exchange(true))
    return;
  keeper_->post([this] {
    io_->request_timer.expires_after(request_period);
    io_->request_timer.async_wait([this](boost::system::error_code failed) {
      if (!failed)
        look_at_requests();
    });
  });
}

void caf_scheduler::look_at_requests() {
  requests_watched_ = false;
  auto more = false;
  auto asked = false;
  for_each_link([&](link& x) {
    auto found = x.requests().look();
    more |= found.more;
    for (auto& old : found.all)
      if (auto requester = old.what.requester; request_waits_.suspect(x.shared_from_this(), std::move(old))) {
        give_turn(requester, &router_->context());
        asked = true;
      }
  });
  if (more)
    request_made();
  if (asked)
    check_soon();
}

void caf_scheduler::ask_who_waits() {
  for_each_link([](link& x) { x.want_tickets(); });
  for (auto& x : request_waits_.ask_again())
    give_turn(x, &router_->context());
  check_soon();
}

void caf_scheduler::end_wait(uint64_t id, const std::string& circle) {
  if (auto found = request_waits_.take(id))
    found->via->break_circle(found->request, circle);
}

} // namespace bulkhead::runtime
