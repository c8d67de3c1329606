#include "bulkhead/runtime/spare_pool.hpp"

#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// The start of a process takes a core for milliseconds, and what has just been taken shall answer its first messages meanwhile.
constexpr std::chrono::milliseconds fill_delay{10};

} // namespace

spare_pool::spare_pool(host_system& host, worker_options options, uint32_t slot)
  : host_(host),
    options_(std::move(options)),
    slot_(slot),
    pause_(host.the_keeper().context()),
    chance_(std::random_device{}()) {
  // nop
}

spare_pool::~spare_pool() {
  host_.spares_changed(-static_cast<int64_t>(ready_.size()));
  for (auto& x : ready_)
    x->stop();
  if (starting_)
    starting_->stop();
}

std::shared_ptr<worker_process> spare_pool::take(const worker_place& place, std::shared_ptr<supervised_slot> slot) {
  while (!ready_.empty()) {
    auto who = std::move(ready_.front());
    ready_.pop_front();
    host_.spares_changed(-1);
    if (who->take_over(place, slot))
      return who;
  }
  return nullptr;
}

void spare_pool::fill() {
  if (!paused_)
    pause(fill_delay);
}

void spare_pool::start_missing() {
  if (paused_ || starting_ || ready_.size() >= options_.spares)
    return;
  starting_ = host_.make_worker(options_, false, worker_place{slot_, 0}, nullptr, weak_from_this());
  if (starting_)
    starting_->start([weak = weak_from_this(), who = starting_](const caf::error& failed) {
      if (auto self = weak.lock())
        self->started(who, failed);
    });
}

void spare_pool::started(const std::shared_ptr<worker_process>& who, const caf::error& failed) {
  starting_.reset();
  if (!failed) {
    ready_.push_back(who);
    host_.spares_changed(1);
    start_missing();
    return;
  }
  worker_death death;
  death.slot = slot_;
  death.pid = who->pid();
  death.detail = "did not start: " + to_string(failed);
  after_death(death);
}

void spare_pool::lost(const worker_process& who, const std::optional<worker_death>& death) {
  auto gone = std::erase_if(ready_, [&](auto& x) { return x.get() == &who; });
  host_.spares_changed(-static_cast<int64_t>(gone));
  if (death)
    after_death(*death);
}

void spare_pool::after_death(const worker_death& death) {
  auto& policy = options_.restart;
  auto now = std::chrono::steady_clock::now();
  auto before = supervision::recent(policy, deaths_, now);
  deaths_.erase(deaths_.begin(), deaths_.end() - static_cast<std::ptrdiff_t>(before));
  deaths_.push_back(now);
  supervision::duration wait = policy.within;
  if (before < policy.restarts_max) {
    auto chance = static_cast<double>(chance_()) / static_cast<double>(std::minstd_rand::max());
    wait = supervision::back_off(policy, before, chance);
  } else {
    host_.publish(
      supervision_event{supervision_incident::spares_failed, slot_, 0, death.pid, death,
                        std::to_string(before + 1) + " within " + std::to_string(policy.within.count()) + " ms"});
  }
  pause(wait);
}

void spare_pool::pause(supervision::duration wait) {
  paused_ = true;
  pause_.expires_after(wait);
  pause_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
    auto self = weak.lock();
    if (!self || cancelled)
      return;
    self->paused_ = false;
    self->start_missing();
  });
}

} // namespace bulkhead::runtime
