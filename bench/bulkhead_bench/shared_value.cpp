// How long until another process sees a value that was published, and how many values a second can be read while their writer
// stores without pause? Beside it a Unix socket, over which each value is a packet. A value is seen half a round trip after it
// was stored; both sides look all the time, so with fewer than two cores this measures the scheduler.
#include "shared_value.hpp"
#include "measurements.hpp"
#include "socket_peer.hpp"
#include "systems.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <memory>
#include <vector>

namespace bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr int64_t round_trips = 50'000;
constexpr int64_t socket_round_trips = 5'000;
constexpr int64_t reads = 2'000'000;
constexpr int64_t packets = 200'000;

constexpr int64_t rest = -1;
constexpr int64_t stream = -2;

double since(clock::time_point begin) {
  return std::chrono::duration<double, std::nano>{clock::now() - begin}.count();
}

using writer_type = bulkhead::shared_value_writer<frame>;

void store_until_it_changes(const bulkhead::shared_value<frame>& orders, writer_type& own) {
  for (int64_t i = 0; orders.load().number == stream; ++i)
    own.store({i, {}});
}

void mirror_until_rest(const bulkhead::shared_value<frame>& orders, writer_type& own) {
  for (int64_t last = 0;;) {
    auto now = orders.load();
    if (now.number == rest)
      return;
    if (now.number == stream)
      store_until_it_changes(orders, own);
    else if (now.number != last)
      own.store(now);
    last = now.number;
  }
}

/// Half of each round trip.
template <class RoundTrip>
run latency(int64_t count, RoundTrip round_trip) {
  std::vector<double> times;
  times.reserve(static_cast<size_t>(count));
  for (int64_t i = 1; i <= count; ++i) {
    auto begin = clock::now();
    round_trip(i);
    times.push_back(since(begin) / 2);
  }
  return of_latencies(std::move(times), 1);
}

/// How often a second.
template <class F>
run rate(int64_t count, F take) {
  auto begin = clock::now();
  for (int64_t i = 0; i < count; ++i)
    take();
  return {static_cast<double>(count) / since(begin) * 1e9};
}

} // namespace

caf::behavior mirror(caf::event_based_actor* self) {
  auto own = std::make_shared<writer_type>();
  return {
    [=](caf::open_atom) -> caf::result<bulkhead::shared_value<frame>> {
      auto made = writer_type::make(self->system());
      if (!made)
        return std::move(made.error());
      *own = std::move(*made);
      return own->share();
    },
    [=](const bulkhead::shared_value<frame>& orders) { mirror_until_rest(orders, *own); },
  };
}

void shared_value(report& to) {
  os::socket_peer socket;
  heavy_system ours;
  auto peer = ours.spawn("mirror");
  auto orders = writer_type::make(ours.get());
  if (!orders)
    fail(to_string(orders.error()));
  caf::scoped_actor self{ours.get()};
  bulkhead::shared_value<frame> theirs;
  self->request(peer, caf::infinite, caf::open_atom_v)
    .receive([&](bulkhead::shared_value<frame>& x) { theirs = std::move(x); },
             [](const caf::error& why) { fail(to_string(why)); });
  auto with_mirror = [&](int64_t first, auto measure) {
    orders->store({first, {}});
    auto running = self->request(peer, caf::infinite, orders->share());
    auto result = measure();
    orders->store({rest, {}});
    running.receive([] {}, [](const caf::error& why) { fail(to_string(why)); });
    return result;
  };
  to.compare({
    {"shared_value_seen", "ns",
     [&] {
       auto round_trip = [&](int64_t i) {
         orders->store({i, {}});
         while (theirs.load().number != i)
           continue;
       };
       return with_mirror(0, [&] { return latency(round_trips, round_trip); });
     }},
    {"unix_socket_seen", "ns", [&] { return latency(socket_round_trips, [&](int64_t) { socket.round_trip(); }); }},
    {"shared_value_reads", "1/s",
     [&] { return with_mirror(stream, [&] { return rate(reads, [&] { (void) theirs.load(); }); }); }},
    {"unix_socket_reads", "1/s", [&] { return rate(packets, [&] { socket.receive(); }); }},
    cache_line_rtt(),
  });
}

} // namespace bench
