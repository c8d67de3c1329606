// Catches time that counts although the process did not run, and time that does not count although it did.
#include <catch2/catch.hpp>

#include "bulkhead/runtime/running_time.hpp"

#include <memory>

using namespace bulkhead::runtime;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr running_time::time_point at(std::chrono::seconds when) {
  return running_time::time_point{when};
}

/// Keeps the thread for so long.
void be_busy(std::chrono::milliseconds time) {
  for (auto until = clock_type::now() + time; clock_type::now() < until;)
    continue;
}

} // namespace

TEST_CASE("what a look is late does not count, and all other time does") {
  running_time time;
  CHECK(time.look(at(100s)) == at(100s));
  time.plan(at(110s));
  CHECK(time.look(at(105s)) == at(105s)); // earlier than planned
  time.plan(at(110s));
  CHECK(time.look(at(110s)) == at(110s));
  time.plan(at(120s));
  CHECK(time.look(at(150s)) == at(120s));
  CHECK(time.lost() == 30s);
  CHECK(time.look(at(160s)) == at(130s)); // nothing was planned
  time.plan(at(165s));
  CHECK(time.look(at(175s)) == at(135s));
  CHECK(time.lost() == 40s);
}

TEST_CASE("what happened between two looks has a time among theirs") {
  running_time time;
  time.plan(at(110s));
  CHECK(time.look(at(140s)) == at(110s));
  CHECK(time.at(at(105s)) == at(105s));
  CHECK(time.at(at(130s)) == at(110s)); // somewhere in the pause
  time.plan(at(150s));
  CHECK(time.look(at(150s)) == at(120s));
  CHECK(time.at(at(145s)) == at(115s));
}

TEST_CASE("a timer of a limit fires after its time, and a pause in between does not count") {
  boost::asio::io_context io;
  limit_timer timer{io};
  auto fired = false;
  auto begin = clock_type::now();
  timer.start(80ms, [&] { fired = true; });
  be_busy(200ms); // no thread runs the context
  io.run_for(1ms);
  CHECK_FALSE(fired);
  io.run();
  CHECK(fired);
  CHECK(clock_type::now() - begin >= 260ms);
}

TEST_CASE("a timer that is cancelled, started anew or gone calls nothing of before") {
  boost::asio::io_context io;
  auto calls = 0;
  auto wrong = [] { FAIL("it was not to be called"); };
  auto timer = std::make_unique<limit_timer>(io);
  timer->start(0ms, wrong);
  timer->cancel();
  io.run();
  io.restart();
  timer->start(1h, wrong);
  timer->start(0ms, [&] { ++calls; });
  io.run();
  CHECK(calls == 1);
  io.restart();
  timer->start(0ms, [&] {
    ++calls;
    timer->start(0ms, [&] { ++calls; });
  });
  io.run();
  CHECK(calls == 3);
  io.restart();
  timer->start(1ms, wrong);
  timer.reset();
  io.run();
}

TEST_CASE("a timer that waits keeps its callback no longer than the context lives") {
  auto owned = std::make_shared<int>(1);
  std::weak_ptr<int> seen = owned;
  {
    boost::asio::io_context io;
    auto timer = std::make_shared<limit_timer>(io);
    timer->start(1h, [timer, kept = std::move(owned)] {});
    timer.reset();
    CHECK_FALSE(seen.expired());
  }
  CHECK(seen.expired());
}
