#include <catch2/catch.hpp>

#include <bulkhead/runtime/alarm.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <utility>

using namespace std::chrono_literals;
using time_point = bulkhead::runtime::alarm::time_point;

namespace {

struct alarm_under_test {
  boost::asio::io_context io;
  int rings = 0;
  time_point next = time_point::max();
  bulkhead::runtime::alarm it{io, [this] {
                                ++rings;
                                return std::exchange(next, time_point::max());
                              }};
  const time_point now = std::chrono::steady_clock::now();
};

} // namespace

TEST_CASE("an alarm that is due and has not rung yet rings, whatever is demanded meanwhile") {
  alarm_under_test t;
  t.it.demand(t.now - 1ms);
  t.it.demand(t.now + 24h);
  t.io.poll();
  CHECK(t.rings == 1);
}

TEST_CASE("an alarm rings at the earliest of the times that are demanded, in whatever order") {
  alarm_under_test t;
  t.it.demand(t.now + 24h);
  t.it.demand(t.now);
  t.it.demand(t.now + 1h);
  t.io.poll();
  CHECK(t.rings == 1);
  t.io.poll();
  CHECK(t.rings == 1);
}

TEST_CASE("an alarm rings again when its ring says so, and goes on when nothing more was demanded for a while") {
  alarm_under_test t;
  t.next = t.now;
  t.it.demand(t.now);
  t.io.run_for(10s);
  CHECK(t.rings == 2);
  t.io.restart();
  t.it.demand(t.now);
  t.io.run_for(10s);
  CHECK(t.rings == 3);
}

TEST_CASE("an alarm without a time does not ring") {
  alarm_under_test t;
  t.it.demand(time_point::max());
  CHECK(t.io.poll() == 0);
  CHECK(t.rings == 0);
}
