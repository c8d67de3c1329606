// The actors and the actor systems that the measurements share.
#include "systems.hpp"
#include "os.hpp"
#include "shared_value.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

namespace bench {

void add_actors(bulkhead::config& cfg) {
  cfg.add_heavy<"echo", echo>()
    .add_heavy<"hoarder", hoarder>()
    .add_heavy<"mirror", mirror>()
    .add_heavy<"laggard", laggard>();
}

namespace {

template <class Octet>
int64_t both_ends(const Octet* first, size_t size) {
  return size == 0 ? 0 : static_cast<int64_t>(first[0]) + static_cast<int64_t>(first[size - 1]);
}

} // namespace

caf::behavior echo(caf::event_based_actor*) {
  auto count = std::make_shared<int64_t>(0);
  return {
    [](int64_t x) { return x; },
    [](caf::open_atom) { return int64_t{os::own_pid()}; },
    [count](const std::string&) { ++*count; },
    [count](caf::get_atom) { return *count; },
    [](const bulkhead::bytes& x) { return both_ends(x.data(), x.size()); },
    [](const caf::byte_buffer& x) { return both_ends(x.data(), x.size()); },
  };
}

caf::behavior hoarder(caf::event_based_actor* self) {
  auto kept = std::make_shared<std::vector<caf::response_promise>>();
  return {
    [](int64_t x) { return x; },
    [self, kept](const std::string&) {
      kept->push_back(self->make_response_promise());
      return kept->back();
    },
  };
}

caf::behavior laggard(caf::event_based_actor*) {
  return {[](const std::string&) { std::this_thread::sleep_for(std::chrono::microseconds{100}); }};
}

namespace {

bulkhead::config& with_heavy_actors(bulkhead::config& cfg) {
  add_actors(cfg);
  cfg.load<bulkhead::host>();
  return cfg;
}

} // namespace

heavy_system::heavy_system() : system_(with_heavy_actors(cfg_)) {
  bulkhead::host::of(system_).log_to([](std::string_view) {}); // the certificates of hundreds of workers
}

caf::actor heavy_system::spawn(const char* name, const bulkhead::worker_options& options) {
  auto result = bulkhead::host::of(system_).spawn(name, options);
  if (!result)
    fail(to_string(result.error()));
  return std::move(*result);
}

bulkhead::worker heavy_system::start_worker(const bulkhead::worker_options& options) {
  auto result = bulkhead::host::of(system_).start_worker(options);
  if (!result)
    fail(to_string(result.error()));
  return std::move(*result);
}

void heavy_system::wait_for_end_of_workers() {
  while (bulkhead::host::of(system_).live_workers() > 0)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

void heavy_system::wait_for_spares(uint32_t count) {
  while (bulkhead::host::of(system_).ready_spares() < count)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

void fail(const std::string& what) {
  std::fprintf(stderr, "bulkhead_bench: %s\n", what.c_str());
  std::_Exit(1);
}

} // namespace bench
