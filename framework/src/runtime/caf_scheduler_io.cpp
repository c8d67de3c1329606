#include "bulkhead/runtime/caf_scheduler_io.hpp"

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/link.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace bulkhead::runtime {

bell_watch::bell_watch(boost::asio::io_context& io, std::shared_ptr<link> watched)
  : of(std::move(watched)), descriptor(io, of->bell()) {
  // nop
}

bell_watch::~bell_watch() {
  descriptor.release();
}

caf_scheduler::io_part::io_part(keeper& k, std::function<alarm::time_point()> run_clock)
  : work(context.get_executor()),
    clock_alarm(k.context(), std::move(run_clock)),
    guard_timer(k.context()),
    trim_timer(k.context()),
    let_go_timer(k.context()),
    check_timer(k.context()),
    request_timer(k.context()) {
  // nop
}

size_t caf_scheduler::io_part::wait() {
  return context.run_one();
}

size_t caf_scheduler::io_part::wait_for(std::chrono::milliseconds max) {
  return context.run_one_for(max);
}

void caf_scheduler::io_part::tick_later(std::function<void()> tick) {
  guard_timer.expires_after(guard_period);
  guard_timer.async_wait([tick = std::move(tick)](boost::system::error_code failed) {
    if (!failed)
      tick();
  });
}

boost::asio::io_context& caf_scheduler::io() noexcept {
  return io_->context;
}

void caf_scheduler::post(std::function<void()> work) {
  boost::asio::post(io_->context, std::move(work));
}

// Runs what is ready. Returns whether there was anything.
bool caf_scheduler::run_io() {
  return io_->context.poll() > 0;
}

// Called for each chunk that becomes empty: at most one look is under way.
void caf_scheduler::memory_is_idle() {
  if (trim_due_ || trim_due_.exchange(true))
    return;
  keeper_->post([this] {
    io_->trim_timer.expires_after(idle_memory_kept);
    io_->trim_timer.async_wait([this](boost::system::error_code failed) {
      if (!failed)
        trim();
    });
  });
}

void caf_scheduler::trim() {
  trim_due_ = false;
  auto before = platform::now_ns() - static_cast<uint64_t>(std::chrono::nanoseconds{idle_memory_kept}.count());
  auto more = false;
  for_each_link([&](link& x) { more |= x.trim(before); });
  if (more)
    memory_is_idle();
}

void caf_scheduler::let_go_later(std::shared_ptr<link> what) {
  io_->leaving.push_back(std::move(what));
  if (io_->leaving.size() > 1)
    return;
  io_->let_go_timer.expires_after(let_go_delay);
  io_->let_go_timer.async_wait([this](boost::system::error_code failed) {
    if (!failed)
      let_go();
  });
}

void caf_scheduler::let_go() {
  for (auto& x : std::exchange(io_->leaving, {}))
    x->let_go();
}

namespace {

void wait_for_ring(const std::shared_ptr<bell_watch>& watch) {
  watch->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                               [weak = std::weak_ptr{watch}](boost::system::error_code failed) {
                                 auto strong = weak.lock();
                                 if (failed || !strong)
                                   return;
                                 strong->of->drain_bell();
                                 wait_for_ring(strong);
                               });
}

} // namespace

void caf_scheduler::watch_bell(const std::shared_ptr<link>& what) {
  if (what->closed())
    return;
  auto watch = std::make_shared<bell_watch>(io_->context, what);
  io_->bells.push_back(watch);
  wait_for_ring(watch);
}

void caf_scheduler::schedule_clock(std::chrono::steady_clock::time_point when) {
  keeper_->post([this, when] { io_->clock_alarm.demand(when); });
}

} // namespace bulkhead::runtime
