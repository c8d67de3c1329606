// How long does a request with a payload take, by the payload's size? Once built in place, where the receiver will read it; once
// from memory of its own, which is copied once. The handler looks at both ends only: reading cold memory is not the framework's,
// nor is filling it, so that is not measured either. Beside them: a plain copy, CAF's own network layer on the loopback device
// (with Bulkhead's writing of vectors linked in; on its own it is slower), a Unix socket, and Python's pool of processes.
#include "blob_peers.hpp"
#include "blob_sender.hpp"
#include "measurements.hpp"
#include "middleman.hpp"
#include "systems.hpp"

#include <caf/byte_buffer.hpp>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace bench {

namespace {

using namespace bulkhead::literals;

struct size_class {
  const char* name;
  size_t bytes;
  /// Requests in a run: with a payload that is not copied, with one that is, and of the peers. 0: that would take too long.
  int64_t lent;
  int64_t copied;
  int64_t middleman;
  int64_t socket;
  int64_t python;
};

constexpr size_class sizes[] = {
  {"64B", 64, 30'000, 30'000, 1'000, 1'000, 200},
  {"1KiB", 1_KiB, 30'000, 30'000, 1'000, 1'000, 200},
  {"4KiB", 4_KiB, 30'000, 30'000, 1'000, 1'000, 200},
  {"64KiB", 64_KiB, 20'000, 5'000, 300, 500, 100},
  {"1MiB", 1_MiB, 10'000, 1'000, 100, 100, 50},
  {"16MiB", 16_MiB, 10'000, 100, 10, 20, 10},
  {"256MiB", 256_MiB, 10'000, 5, 0, 3, 3}, // CAF's network layer copies it piece by piece, for seconds
  {"1GiB", 1_GiB, 10'000, 3, 0, 0, 0},
};

/// A payload of the largest size, its copy, and what the arena may hold at the moment when one comes and one goes.
constexpr uint64_t memory_factor = 5;

caf::message built_for(const caf::actor& receiver, size_t size) {
  auto room = bulkhead::allocate(receiver, size);
  if (!room)
    fail(to_string(room.error()));
  room->room().front() = std::byte{1};
  room->room().back() = std::byte{2};
  return caf::make_message(std::move(*room).finish());
}

run timed(int64_t count, const std::function<void()>& what) {
  what();
  std::vector<double> times;
  for (int64_t i = 0; i < count; ++i) {
    auto begin = std::chrono::steady_clock::now();
    what();
    times.push_back(std::chrono::duration<double, std::nano>{std::chrono::steady_clock::now() - begin}.count());
  }
  return of_latencies(std::move(times), 1000);
}

run of_requests(caf::actor_system& system, const caf::actor& peer, int64_t count, std::function<caf::message()> make) {
  return of_latencies(blob_round_trips(system, peer, count, std::move(make)), 1000);
}

bool fits(const size_class& x) {
  if (os::available_bytes() >= memory_factor * x.bytes)
    return true;
  std::fprintf(stderr, "bulkhead_bench: blob_%s is left out: it needs %zu MiB of memory\n", x.name,
               static_cast<size_t>(memory_factor * x.bytes >> 20));
  return false;
}

// All sizes in turn, so that what the machine does otherwise meets each of them, and nothing else awake.
void measure_lent(report& to) {
  heavy_system ours;
  auto heavy = ours.spawn("echo");
  std::vector<side> sides;
  for (auto& x : sizes)
    if (fits(x))
      sides.push_back({std::string{"blob_"} + x.name, "us", [&] {
                         return of_requests(ours.get(), heavy, x.lent, [&] { return built_for(heavy, x.bytes); });
                       }});
  to.compare(sides);
}

void measure_copied(report& to, heavy_system& ours, const caf::actor& heavy, const size_class& x) {
  auto content = std::vector<std::byte>(x.bytes, std::byte{1});
  auto target = content;
  auto whole = bulkhead::bytes::copy_of(content);
  to.compare({
    {std::string{"blob_copied_"} + x.name, "us",
     [&] { return of_requests(ours.get(), heavy, x.copied, [&] { return caf::make_message(whole); }); }},
    {std::string{"memcpy_"} + x.name, "us",
     [&] {
       return timed(x.copied, [&] {
         std::memcpy(target.data(), content.data(), content.size());
         asm volatile("" : : "r"(target.data()) : "memory");
       });
     }},
  });
}

void measure_peers(report& to, const size_class& x) {
  std::vector<side> sides;
  auto content = std::vector<std::byte>(x.bytes, std::byte{1});
  middleman_peer remote;
  socket_peer socket;
  if (x.middleman > 0)
    sides.push_back({std::string{"caf_middleman_blob_"} + x.name, "us", [&] {
                       auto made = caf::make_message(caf::byte_buffer(x.bytes, caf::byte{1}));
                       return of_requests(remote.system(), remote.actor(), x.middleman, [=] { return made; });
                     }});
  if (x.socket > 0)
    sides.push_back(
      {std::string{"uds_blob_"} + x.name, "us", [&] { return timed(x.socket, [&] { socket.round_trip(content); }); }});
  to.compare(sides);
}

void measure_python(report& to) {
  std::map<size_t, int> counts;
  for (auto& x : sizes)
    if (x.python > 0)
      counts[x.bytes] = static_cast<int>(x.python);
  std::map<size_t, std::vector<run>> runs;
  for (size_t round = 0; round < report::run_count; ++round) {
    auto measured = python_pool_us(counts);
    if (measured.empty())
      return;
    for (auto& [size, microseconds] : measured)
      runs[size].push_back({microseconds});
  }
  for (auto& x : sizes)
    if (auto found = runs.find(x.bytes); found != runs.end())
      to.add(std::string{"py_run_in_executor_blob_"} + x.name, "us", std::move(found->second));
}

} // namespace

void blob(report& to) {
  measure_lent(to);
  {
    heavy_system ours;
    auto heavy = ours.spawn("echo");
    for (auto& x : sizes)
      if (fits(x))
        measure_copied(to, ours, heavy, x);
  }
  for (auto& x : sizes)
    if (x.socket > 0)
      measure_peers(to, x);
  measure_python(to);
}

} // namespace bench
