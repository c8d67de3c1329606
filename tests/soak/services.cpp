#include "services.hpp"

#include <utility>

namespace soak {

using namespace bulkhead;
using namespace std::chrono_literals;

namespace {

caf::actor must(caf::expected<caf::actor> spawned) {
  if (!spawned)
    throw std::runtime_error{"cannot spawn: " + to_string(spawned.error())};
  return std::move(*spawned);
}

worker_options with_spare() {
  auto result = lasting();
  result.spares = 1;
  return result;
}

pool_options pair_of_copies() {
  pool_options result;
  result.workers_min = 2;
  result.workers_max = 2;
  result.worker.fork_server = true;
  result.worker.startup_timeout = 30s;
  return result;
}

executor_options pair_of_workers() {
  executor_options result;
  result.workers_min = 2;
  result.workers_max = 2;
  result.worker.startup_timeout = 30s;
  return result;
}

} // namespace

worker_options lasting(in_doubt interrupted) {
  worker_options result;
  result.restart.when = restart_when::on_crash;
  result.restart.restarts_max = restart_policy::unlimited;
  result.restart.backoff_min = 1ms;
  result.restart.backoff_max = 50ms;
  result.restart.interrupted = interrupted;
  if (interrupted == in_doubt::retry)
    result.restart.poison_after = 100;
  result.startup_timeout = 30s; // processes are stopped while they start
  return result;
}

services::services(test_support::host_fixture& where)
  : single(must(where.host.spawn("handler", with_spare()))),
    retried(must(where.host.spawn("handler", lasting(in_doubt::retry)))),
    pool(must(where.host.pool("handler", pair_of_copies()))),
    relay(must(where.host.spawn("relay", lasting(), pool))),
    keeper(must(where.host.spawn("keeper", lasting()))),
    publisher(must(where.host.spawn("publisher", lasting()))),
    tasks(where.sys, pair_of_workers()) {
  // nop
}

} // namespace soak
