#include "bulkhead/runtime/running_time.hpp"

#include "bulkhead/platform/saturating.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace bulkhead::runtime {

namespace {

constexpr int parts = 8;
constexpr std::chrono::milliseconds part_min{1};
constexpr std::chrono::seconds part_max{1};

} // namespace

struct limit_timer::state : std::enable_shared_from_this<state> {
  using clock = std::chrono::steady_clock;

  explicit state(boost::asio::io_context& context) : timer(context) {
    // nop
  }

  // The callback stands in what Asio keeps, which goes with the context: it may own this timer.
  void go_on(clock::time_point now, callback what) {
    auto part = std::clamp<clock::duration>(whole / parts, part_min, part_max);
    auto next = now + std::clamp<clock::duration>(due - passed.look(now), {}, part);
    passed.plan(next);
    timer.expires_at(next);
    timer.async_wait(
      [self = shared_from_this(), mine = turn, what = std::move(what)](boost::system::error_code cancelled) mutable {
        if (!cancelled && mine == self->turn)
          self->look(std::move(what));
      });
  }

  void look(callback what) {
    auto now = clock::now();
    if (auto at = passed.look(now); at < due)
      go_on(now, std::move(what));
    else
      what();
  }

  boost::asio::steady_timer timer;
  running_time passed;
  clock::duration whole{0};
  clock::time_point due;
  /// An expiry that is under way already belongs to an earlier one.
  uint64_t turn = 0;
};

limit_timer::limit_timer(boost::asio::io_context& context) : state_(std::make_shared<state>(context)) {
  // nop
}

limit_timer::~limit_timer() {
  cancel();
}

void limit_timer::start(std::chrono::steady_clock::duration time, callback what) {
  auto& self = *state_;
  auto now = std::chrono::steady_clock::now();
  ++self.turn;
  self.passed = {};
  self.whole = time;
  self.due = platform::saturating_sum(now, time);
  self.go_on(now, std::move(what));
}

void limit_timer::cancel() noexcept {
  ++state_->turn;
  boost::system::error_code ignored;
  state_->timer.cancel(ignored);
}

} // namespace bulkhead::runtime
