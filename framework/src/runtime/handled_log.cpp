#include "bulkhead/runtime/handled_log.hpp"

#include "bulkhead/platform/clock.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// How many tickets go back together when they are wanted, unless this would take longer than the period.
constexpr size_t batch = 32;
constexpr uint64_t period_ns = 1'000'000;

/// So many are told unasked, so that a sender that never asks costs no memory.
constexpr size_t unasked_max = size_t{1} << 16;

/// As many as fit into a record of the control lane.
constexpr size_t tickets_per_record = 1024;

} // namespace

// An honest sender has four times the limits at most, and the message that it was about to send then.
bool handled_log::arrived(uint64_t bytes) noexcept {
  auto messages = ++waiting_;
  auto all_bytes = waiting_bytes_ += bytes + message_overhead_bytes;
  return messages <= 4 * limits_.messages_max && all_bytes - bytes - message_overhead_bytes <= 4 * limits_.bytes_max;
}

// A clock costs as much as the rest of this, so it is asked only if the answer matters.
bool handled_log::is_due() const noexcept {
  if (!demanded_)
    return done_.size() >= unasked_max;
  return done_.size() >= batch || waiting_ == 0 || platform::now_ns() - told_at_ns_ >= period_ns;
}

void handled_log::handled(uint64_t ticket, uint64_t bytes) {
  --waiting_;
  waiting_bytes_ -= bytes + message_overhead_bytes;
  if (ticket == 0)
    return;
  std::vector<uint64_t> due;
  {
    std::lock_guard guard{mutex_};
    done_.push_back(ticket);
    if (is_due())
      due.swap(done_);
    untold_ = !done_.empty();
  }
  tell(std::move(due));
}

void handled_log::demand(bool wanted) {
  demanded_ = wanted;
  flush();
}

void handled_log::flush() {
  if (!demanded_)
    return;
  std::vector<uint64_t> due;
  {
    std::lock_guard guard{mutex_};
    due.swap(done_);
    untold_ = false;
  }
  tell(std::move(due));
}

void handled_log::tell(std::vector<uint64_t> tickets) {
  if (tickets.empty())
    return;
  {
    std::lock_guard guard{mutex_};
    told_at_ns_ = demanded_ ? platform::now_ns() : 0;
  }
  auto to = to_.lock();
  if (!to)
    return;
  for (std::span rest{std::as_const(tickets)}; !rest.empty();) {
    auto count = std::min(rest.size(), tickets_per_record);
    to->return_tickets(rest.first(count));
    rest = rest.subspan(count);
  }
}

} // namespace bulkhead::runtime
