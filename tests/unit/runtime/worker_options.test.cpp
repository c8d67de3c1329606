// Catches a duration or a size that is accepted and then overflows.
#include <catch2/catch.hpp>

#include <bulkhead/runtime/executor_options.hpp>
#include <bulkhead/runtime/pool_options.hpp>
#include <bulkhead/runtime/task.hpp>
#include <bulkhead/runtime/upgrade_options.hpp>
#include <bulkhead/supervision/supervisor_policy.hpp>

#include <chrono>
#include <limits>
#include <string>

using namespace bulkhead;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

bool accepts(const caf::error& checked) {
  return !checked;
}

bool accepts(const supervision::complaint& checked) {
  return checked.option.empty();
}

/// Checks options in which one duration has each of several values: those from `least` to `most` are accepted, and no others.
template <class Check>
void check_duration(const std::string& name, milliseconds least, milliseconds most, Check with) {
  for (auto value : {milliseconds::min(), -24h + 0ms, -1ms, 0ms, 1ms, 1000ms, 24h + 0ms, 24h + 1ms, 365 * 24h + 0ms,
                     365 * 24h + 1ms, milliseconds::max() - 1ms, milliseconds::max()}) {
    INFO(name << " of " << value.count() << " ms");
    CHECK(accepts(with(value)) == (value >= least && value <= most));
  }
}

template <class T, class Check>
void check_size(const std::string& name, T least, T most, Check with) {
  INFO(name);
  CHECK(accepts(with(least)));
  CHECK(accepts(with(most)));
  if (least > 0) {
    CHECK_FALSE(accepts(with(T{0})));
    CHECK_FALSE(accepts(with(static_cast<T>(least - 1))));
  }
  if (most < std::numeric_limits<T>::max()) {
    CHECK_FALSE(accepts(with(static_cast<T>(most + 1))));
    CHECK_FALSE(accepts(with(std::numeric_limits<T>::max())));
  }
}

worker_options supervised_worker() {
  worker_options result;
  result.restart.when = restart_when::on_crash;
  return result;
}

constexpr auto day = milliseconds{24h};
constexpr auto most64 = std::numeric_limits<uint64_t>::max();
constexpr auto sizes_max = std::numeric_limits<size_t>::max();

} // namespace

TEST_CASE("each duration of a worker's options is in its bounds, or refused") {
  auto with = [](auto set) {
    return [set](milliseconds x) {
      auto options = supervised_worker();
      set(options) = x;
      return check(options);
    };
  };
  check_duration("startup_timeout", 1ms, day, with([](auto& x) -> auto& { return x.startup_timeout; }));
  check_duration("stop_timeout", 0ms, day, with([](auto& x) -> auto& { return x.stop_timeout; }));
  check_duration("slow_after", 0ms, day, with([](auto& x) -> auto& { return x.slow_after; }));
  check_duration("restart.within", 1ms, day, with([](auto& x) -> auto& { return x.restart.within; }));
  check_duration("restart.backoff_min", 0ms, 1000ms, with([](auto& x) -> auto& { return x.restart.backoff_min; }));
  check_duration("restart.backoff_max", 10ms, day, with([](auto& x) -> auto& { return x.restart.backoff_max; }));
  check_duration("recycle.age_max", 0ms, 365 * day, with([](auto& x) -> auto& { return x.recycle.age_max; }));
  check_duration("handler.time_max", 0ms, day, with([](auto& x) -> auto& { return x.handler.time_max; }));
  check_duration("handler.grace", 0ms, day, with([](auto& x) -> auto& {
                   x.handler.time_max = 1s; // grace has no effect alone
                   return x.handler.grace;
                 }));
  check_duration("handler.stall_max", 0ms, day, with([](auto& x) -> auto& { return x.handler.stall_max; }));
}

TEST_CASE("each size of a worker's options is in its bounds, or refused") {
  auto with = [](auto set) {
    return [set](auto x) {
      auto options = supervised_worker();
      set(options) = x;
      return check(options);
    };
  };
  constexpr auto limit = uint64_t{1} << 40;
  check_size("message_bytes_max", uint64_t{1}, limit, with([](auto& x) -> auto& { return x.message_bytes_max; }));
  check_size("payload_bytes_max", uint64_t{0}, limit, with([](auto& x) -> auto& { return x.payload_bytes_max; }));
  check_size("memory_bytes_max", uint64_t{0}, most64, with([](auto& x) -> auto& { return x.memory_bytes_max; }));
  check_size("mailbox_bytes", uint32_t{4096}, uint32_t{1} << 30,
             with([](auto& x) -> auto& { return x.mailbox_bytes; }));
  check_size("spares", uint32_t{0}, uint32_t{64}, with([](auto& x) -> auto& { return x.spares; }));
  check_size("backlog.bytes_max", uint64_t{1}, limit, with([](auto& x) -> auto& { return x.backlog.bytes_max; }));
  check_size("backlog.messages_max", uint64_t{1}, limit, with([](auto& x) -> auto& { return x.backlog.messages_max; }));
  check_size("actor_backlog.bytes_max", uint64_t{1}, limit,
             with([](auto& x) -> auto& { return x.actor_backlog.bytes_max; }));
  auto restarts = with([](auto& x) -> auto& { return x.restart.restarts_max; });
  for (auto accepted : {uint32_t{0}, uint32_t{1000}, restart_policy::unlimited})
    CHECK(accepts(restarts(accepted)));
  for (auto refused : {uint32_t{1001}, restart_policy::unlimited - 1})
    CHECK_FALSE(accepts(restarts(refused)));
  check_size("restart.poison_after", uint32_t{1}, uint32_t{100},
             with([](auto& x) -> auto& { return x.restart.poison_after; }));
  check_size("recycle.messages_max", uint64_t{0}, most64,
             with([](auto& x) -> auto& { return x.recycle.messages_max; }));
  check_size("recycle.growth_bytes_max", uint64_t{0}, most64,
             with([](auto& x) -> auto& { return x.recycle.growth_bytes_max; }));
}

TEST_CASE("each duration and size of a pool, an executor, a task and a supervisor is in its bounds, or refused") {
  auto in = [](auto options, auto set) {
    return [options, set](auto x) {
      auto changed = options;
      set(changed) = x;
      using supervision::check;
      return check(changed);
    };
  };
  constexpr auto longest = milliseconds::max();
  pool_options pool;
  pool.workers_max = 1024;
  check_duration("pool grow_after", 0ms, day,
                 in(
                   pool, [](auto& x) -> auto& { return x.grow_after; }));
  check_duration("pool idle_after", 1ms, day,
                 in(
                   pool, [](auto& x) -> auto& { return x.idle_after; }));
  check_size("pool workers_min", size_t{1}, size_t{1024},
             in(
               pool, [](auto& x) -> auto& { return x.workers_min; }));
  check_size("pool workers_max", size_t{0}, size_t{1024},
             in(
               pool, [](auto& x) -> auto& { return x.workers_max; }));
  check_size("pool prefetch_max", size_t{1}, size_t{65'536},
             in(
               pool, [](auto& x) -> auto& { return x.prefetch_max; }));
  check_size("pool waiting_max", size_t{0}, sizes_max,
             in(
               pool, [](auto& x) -> auto& { return x.waiting_max; }));
  executor_options executor;
  check_duration("executor idle_after", 0ms, longest,
                 in(
                   executor, [](auto& x) -> auto& { return x.idle_after; }));
  check_duration("executor stall_max", 0ms, day,
                 in(
                   executor, [](auto& x) -> auto& { return x.stall_max; }));
  check_size("executor workers_min", size_t{0}, size_t{1024},
             in(
               executor, [](auto& x) -> auto& { return x.workers_min; }));
  check_size("executor workers_max", size_t{0}, size_t{1024},
             in(
               executor, [](auto& x) -> auto& { return x.workers_max; }));
  check_size("executor prefetch_max", size_t{1}, size_t{256},
             in(
               executor, [](auto& x) -> auto& { return x.prefetch_max; }));
  check_size("executor tasks_max", size_t{0}, sizes_max,
             in(
               executor, [](auto& x) -> auto& { return x.tasks_max; }));
  check_size("executor tasks_per_worker_max", uint64_t{0}, most64,
             in(
               executor, [](auto& x) -> auto& { return x.tasks_per_worker_max; }));
  task_options task;
  check_duration("task stop_grace", 0ms, longest,
                 in(
                   task, [](auto& x) -> auto& { return x.stop_grace; }));
  check_duration("task time_max", 0ms, longest,
                 in(
                   task, [](auto& x) -> auto& { return x.time_max; }));
  upgrade_options upgrade;
  check_duration("upgrade probation", 0ms, day,
                 in(
                   upgrade, [](auto& x) -> auto& { return x.probation; }));
  supervisor_options supervisor;
  check_duration("supervisor within", 1ms, day,
                 in(
                   supervisor, [](auto& x) -> auto& { return x.within; }));
  check_duration("supervisor kill_after", 0ms, day,
                 in(
                   supervisor, [](auto& x) -> auto& { return x.kill_after; }));
  check_size("supervisor restarts_max", uint32_t{0}, uint32_t{1000},
             in(
               supervisor, [](auto& x) -> auto& { return x.restarts_max; }));
}
