#include "bulkhead/runtime/outcome.hpp"

#include "bulkhead/transport/foreign_call.hpp"

#include <algorithm>

namespace bulkhead::runtime {

namespace {

void call(const std::function<void()>& what) noexcept {
  transport::call_foreign("a function given to future::on_done", what);
}

} // namespace

canceller::~canceller() = default;

outcome_base::~outcome_base() {
  let_go(awaited_);
}

void outcome_base::note_begun(uint64_t) {
  // nop
}

bool outcome_base::fail(caf::error reason) {
  return settle([&] { reason_ = std::move(reason); });
}

bool outcome_base::fail(caf::error reason, uint64_t calls_begun) {
  return settle([&] {
    note_begun(calls_begun);
    reason_ = std::move(reason);
  });
}

bool outcome_base::take(caf::message& content) {
  return settle([&] {
    if (content.match_elements<caf::error>())
      reason_ = std::move(content.get_mutable_as<caf::error>(0));
    else if (!set_value(content))
      reason_ = caf::make_error(errc::decode_failed, "a task returned a value of another type");
  });
}

outcome_base::waiter outcome_base::on_done(std::function<void()> what) {
  {
    std::lock_guard guard{mutex_};
    if (!done_) {
      waiting_.push_back({++last_waiter_, std::move(what)});
      return last_waiter_;
    }
  }
  call(what);
  return 0;
}

void outcome_base::forget(waiter who) {
  waiting dropped; // outlives the guard
  std::lock_guard guard{mutex_};
  auto i = std::lower_bound(waiting_.begin(), waiting_.end(), who, [](auto& x, auto y) { return x.number < y; });
  if (i == waiting_.end() || i->number != who)
    return;
  dropped = std::move(*i);
  waiting_.erase(i);
}

void outcome_base::await(const std::shared_ptr<outcome_base>& from, std::function<void()> what) {
  auto number = from->on_done([weak = weak_from_this(), what = std::move(what)] {
    if (auto self = weak.lock())
      what();
  });
  if (number == 0)
    return;
  {
    std::lock_guard guard{mutex_};
    if (!done_) {
      awaited_.push_back({from, number});
      return;
    }
  }
  from->forget(number);
}

void outcome_base::let_go(const std::vector<awaited>& what) {
  for (auto& x : what)
    x.from->forget(x.number);
}

bool outcome_base::done() const {
  std::lock_guard guard{mutex_};
  return done_;
}

void outcome_base::source(std::shared_ptr<canceller> who) {
  std::lock_guard guard{mutex_};
  if (!done_)
    source_ = std::move(who);
}

bool outcome_base::cancel() {
  std::shared_ptr<canceller> who;
  {
    std::lock_guard guard{mutex_};
    who = source_;
  }
  auto result = who ? who->cancel() : fail(caf::make_error(errc::cancelled));
  return result || (done() && reason_ == errc::cancelled);
}

void outcome_base::finish(std::unique_lock<std::mutex>& guard) {
  done_ = true;
  auto all = std::move(waiting_);
  auto sources = std::move(awaited_); // both outlive the guard
  auto source = std::move(source_);
  guard.unlock();
  let_go(sources);
  for (auto& x : all)
    call(x.what);
}

} // namespace bulkhead::runtime
