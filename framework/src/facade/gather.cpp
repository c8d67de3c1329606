#include "bulkhead/gather.hpp"

#include <caf/action.hpp>
#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <atomic>

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

} // namespace

void cancel_with(runtime::outcome_base& result, std::vector<outcome_pointer> all) {
  result.source(std::make_shared<cancel_each>(std::move(all)));
}

void join(std::vector<outcome_pointer> all, const outcome_pointer& result, std::function<void()> succeed) {
  if (all.empty())
    return succeed();
  cancel_with(*result, all);
  auto left = std::make_shared<countdown>(all.size(), std::move(succeed));
  for (auto& x : all)
    x->on_done([result, left, x] {
      if (x->reason())
        result->fail(x->reason());
      else
        left->one_less();
    });
}

void when_all_done(const std::vector<outcome_pointer>& all, std::function<void()> what) {
  if (all.empty())
    return what();
  auto left = std::make_shared<countdown>(all.size(), std::move(what));
  for (auto& x : all)
    x->on_done([left] { left->one_less(); });
}

void run_later(caf::actor_system& system, std::chrono::nanoseconds delay, std::function<void()> what) {
  auto& clock = system.clock();
  auto now = clock.now();
  auto last = caf::actor_clock::time_point::max();
  clock.schedule(delay < last - now ? now + delay : last, caf::make_action(std::move(what)));
}

} // namespace bulkhead::detail
