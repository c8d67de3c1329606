// Why the host kills a worker that goes on working.

#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/codec.hpp"

#include <utility>

namespace bulkhead::runtime {

namespace {

constexpr int abort_signal = 6;

/// For a thread to write down its stack.
constexpr std::chrono::milliseconds abort_grace{1000};

} // namespace

void worker_process::on_slow(const std::string& complaint) {
  hit_limit("slow_after", static_cast<uint64_t>(options_.slow_after.count()));
  condemn(death_cause::stopped, complaint);
}

void worker_process::overran(bool lapsed, const caf::message& what) {
  auto time_max = static_cast<uint64_t>(options_.handler.time_max.count());
  if (!lapsed)
    hit_limit("handler.time_max", time_max);
  condemn(death_cause::overran, (lapsed ? "nobody waited for its answer any more: "
                                        : "it had not ended after " + std::to_string(time_max) + " ms: ")
                                  + transport::type_names(what));
}

void worker_process::stalled(std::string what) {
  hit_limit("handler.stall_max", static_cast<uint64_t>(options_.handler.stall_max.count()));
  condemn(death_cause::stalled, std::move(what));
}

void worker_process::end_by_limit(death_cause cause, const char* limit, uint64_t value, std::string why) {
  host_.the_keeper().post([self = shared_from_this(), cause, limit, value, why = std::move(why)] {
    self->hit_limit(limit, value);
    self->condemn(cause, why);
  });
}

void worker_process::condemn(death_cause cause, std::string why) {
  {
    std::lock_guard guard{mutex_};
    verdict_ = std::move(why);
    verdict_cause_ = cause;
  }
  if (cause == death_cause::overran || cause == death_cause::stalled)
    abort_actors();
  else
    kill();
}

// Whoever hangs tells where, and whoever cannot is killed all the same. On the keeper's thread.
void worker_process::abort_actors() {
  if (killed_)
    return;
  if (!process_ || !process_->signal_thread(abort_signal, "bulkhead.loop")) {
    kill();
    return;
  }
  killed_ = true;
  timer_->start(abort_grace, [self = shared_from_this()] { self->kill(); });
}

} // namespace bulkhead::runtime
