#include "bulkhead/runtime/outcome.hpp"

namespace bulkhead::runtime {

namespace {

// Nobody is there to catch.
void call(const std::function<void()>& what) noexcept {
  what();
}

} // namespace

canceller::~canceller() = default;

outcome_base::~outcome_base() = default;

bool outcome_base::fail(caf::error reason) {
  return settle([&] { reason_ = std::move(reason); });
}

bool outcome_base::take(caf::message& content) {
  return settle([&] {
    if (content.match_elements<caf::error>())
      reason_ = std::move(content.get_mutable_as<caf::error>(0));
    else if (!set_value(content))
      reason_ = caf::make_error(errc::decode_failed, "a task returned a value of another type");
  });
}

void outcome_base::on_done(std::function<void()> what) {
  {
    std::lock_guard guard{mutex_};
    if (!done_) {
      waiting_.push_back(std::move(what));
      return;
    }
  }
  call(what);
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
  auto waiting = std::move(waiting_);
  auto source = std::move(source_); // outlives the guard
  guard.unlock();
  for (auto& x : waiting)
    call(x);
}

} // namespace bulkhead::runtime
