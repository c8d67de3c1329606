#include "bulkhead/gather.hpp"

#include "bulkhead/platform/saturating.hpp"

#include <caf/action.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <atomic>
#include <mutex>
#include <utility>

namespace bulkhead::detail {

namespace {

class cancel_each final : public runtime::canceller {
public:
  explicit cancel_each(std::vector<outcome_pointer> all) : all_(std::move(all)) {
    // nop
  }

  bool cancel() override {
    auto result = false;
    for (auto& x : all_)
      result |= x->cancel();
    return result;
  }

private:
  const std::vector<outcome_pointer> all_;
};

/// Calls `what` the last time of so many.
class countdown {
public:
  countdown(size_t count, std::function<void()> what) : left_(count), what_(std::move(what)) {
    // nop
  }

  void one_less() {
    if (left_.fetch_sub(1) == 1)
      what_();
  }

private:
  std::atomic<size_t> left_;
  const std::function<void()> what_;
};

/// What a timer keeps, which may stay with the clock for a while after it was withdrawn.
class limited_outcome {
public:
  limited_outcome(outcome_pointer result, outcome_pointer what) : both_{std::move(result), std::move(what)} {
    // nop
  }

  void end() {
    auto [result, what] = take();
    if (result && result->fail(caf::make_error(caf::sec::request_timeout)))
      what->cancel();
  }

  void let_go() {
    (void) take();
  }

private:
  using both = std::pair<outcome_pointer, outcome_pointer>;

  both take() {
    std::lock_guard guard{mutex_};
    return std::exchange(both_, {});
  }

  std::mutex mutex_;
  both both_;
};

} // namespace

void cancel_with(runtime::outcome_base& result, std::vector<outcome_pointer> all) {
  result.source(std::make_shared<cancel_each>(std::move(all)));
}

void join(const std::vector<outcome_pointer>& all, const outcome_pointer& result, std::function<void()> succeed) {
  if (all.empty())
    return succeed();
  cancel_with(*result, all);
  auto left = std::make_shared<countdown>(all.size(), std::move(succeed));
  for (auto& x : all)
    result->await(x, [result = result.get(), left, x = x.get()] {
      if (x->reason())
        result->fail(x->reason());
      else
        left->one_less();
    });
}

void when_all_done(const std::vector<outcome_pointer>& all, const outcome_pointer& result, std::function<void()> what) {
  if (all.empty())
    return what();
  auto left = std::make_shared<countdown>(all.size(), std::move(what));
  for (auto& x : all)
    result->await(x, [left] { left->one_less(); });
}

void limit(caf::actor_system& system, const outcome_pointer& result, const outcome_pointer& what,
           std::chrono::nanoseconds delay) {
  auto limited = std::make_shared<limited_outcome>(result, what);
  auto timer = system.clock().schedule(platform::saturating_sum(system.clock().now(), delay),
                                       caf::make_action([limited] { limited->end(); }));
  result->on_done([limited, timer = std::move(timer)]() mutable {
    limited->let_go();
    timer.dispose();
  });
}

} // namespace bulkhead::detail
