#include "bulkhead/runtime/handled_log.hpp"

#include "bulkhead/platform/clock.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// For how long a batch may hold back what was handled: handlers may take long.
constexpr uint64_t batch_ns = 1'000'000;

/// As many as fit into a record of the control lane. So many are told unasked: the sender's books stay in its cache.
constexpr size_t tickets_per_record = 1024;

thread_local handled_log::batch* batch_of_thread = nullptr;

} // namespace

handled_log::batch::batch() noexcept : outer_(std::exchange(batch_of_thread, this)) {
  // nop
}

handled_log::batch::~batch() {
  batch_of_thread = outer_;
  for (auto& x : logs_)
    x->flush();
}

void handled_log::batch::add(handled_log& log) {
  if (std::none_of(logs_.begin(), logs_.end(), [&](auto& x) { return x.get() == &log; }))
    logs_.push_back(log.shared_from_this());
}

// An honest sender has twice the limits at most, and the message that it was about to send then.
bool handled_log::arrived(uint64_t bytes) noexcept {
  auto messages = ++waiting_;
  auto all_bytes = waiting_bytes_ += waiting_bytes(bytes);
  return messages <= 2 * limits_.messages_max && all_bytes - waiting_bytes(bytes) <= 2 * limits_.bytes_max;
}

void handled_log::handled(uint64_t ticket, uint64_t bytes) {
  --waiting_;
  waiting_bytes_ -= waiting_bytes(bytes);
  if (ticket == 0)
    return;
  note(ticket, shm::ticket_state::handled);
  std::vector<uint64_t> due;
  {
    std::lock_guard guard{mutex_};
    done_.push_back(ticket);
    if (!demanded()) {
      if (done_.size() < tickets_per_record)
        return;
    } else if (batch_of_thread != nullptr && platform::now_ns() - told_at_ns_ < batch_ns) {
      batch_of_thread->add(*this);
      return;
    }
    due = take();
  }
  tell(due);
}

void handled_log::demand(uint64_t changes) {
  auto last = demand_.load();
  while (last < changes && !demand_.compare_exchange_weak(last, changes))
    continue;
  if (demanded())
    flush();
}

void handled_log::flush() {
  std::vector<uint64_t> due;
  {
    std::lock_guard guard{mutex_};
    due = take();
  }
  tell(due);
}

// Under the mutex.
std::vector<uint64_t> handled_log::take() {
  told_at_ns_ = platform::now_ns();
  return std::exchange(done_, {});
}

void handled_log::tell(std::span<const uint64_t> tickets) {
  auto to = tickets.empty() ? nullptr : to_.lock();
  if (!to)
    return;
  for (; !tickets.empty(); tickets = tickets.subspan(std::min(tickets.size(), tickets_per_record)))
    to->return_tickets(tickets.first(std::min(tickets.size(), tickets_per_record)));
}

} // namespace bulkhead::runtime
