// Catches a doorbell that lets a reader sleep over a record, one that rings an awake reader, and one that rings for each
// record. That no ring is lost however the two interleave is shown by interleavings.test.cpp.
#include "bulkhead/shm/doorbell.hpp"

#include "regions.hpp"

#include <catch2/catch.hpp>

using namespace bulkhead::shm;
using namespace bulkhead::shm::test;

namespace {

struct sleeper {
  edge both;
  lane_writer data = both.writer(lane_id::data);
  lane_writer control = both.writer(lane_id::control);
  lane_reader data_reader = both.reader(lane_id::data);
  lane_reader control_reader = both.reader(lane_id::control);
  doorbell_reader bell{both.up.own(), data_reader, control_reader};

  bool send(lane_writer& writer) {
    REQUIRE(writer.put(1, 0, {}) == written::written);
    return writer.publish();
  }

  void read_all() {
    record_view record;
    for (auto* reader : {&data_reader, &control_reader})
      while (reader->next(record) == shown::record)
        reader->consume();
  }
};

} // namespace

TEST_CASE("a writer need not ring a reader that is awake") {
  sleeper s;
  CHECK_FALSE(s.send(s.data));
}

TEST_CASE("a writer must ring a reader that sleeps, whichever lane it writes") {
  sleeper s;
  REQUIRE(s.bell.arm());
  SECTION("data") {
    CHECK(s.send(s.data));
  }
  SECTION("control") {
    CHECK(s.send(s.control));
  }
}

TEST_CASE("a reader does not fall asleep over a record that it has not consumed") {
  sleeper s;
  SECTION("data") {
    (void) s.send(s.data);
  }
  SECTION("control") {
    (void) s.send(s.control);
  }
  SECTION("one that it has seen") {
    (void) s.send(s.data);
    record_view record;
    REQUIRE(s.data_reader.next(record) == shown::record);
  }
  SECTION("one of several that it has looked at together") {
    (void) s.send(s.data);
    (void) s.send(s.data);
    record_view record;
    REQUIRE(s.data_reader.next(record) == shown::record);
    s.data_reader.consume();
  }
  CHECK_FALSE(s.bell.arm());
  CHECK_FALSE(s.send(s.data)); // disarmed again
}

TEST_CASE("a reader may sleep although it has not given back what it consumed") {
  sleeper s;
  (void) s.send(s.data);
  s.read_all();
  CHECK(s.bell.arm());
}

TEST_CASE("a lane rings once for each time that its reader falls asleep") {
  sleeper s;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(s.bell.arm());
    CHECK(s.send(s.data));
    CHECK_FALSE(s.send(s.data));
    CHECK(s.send(s.control)); // its writer is another view and cannot know
    CHECK_FALSE(s.send(s.control));
    s.bell.disarm();
    s.read_all();
  }
}

TEST_CASE("publishing nothing rings nobody") {
  sleeper s;
  REQUIRE(s.bell.arm());
  CHECK_FALSE(s.data.publish());
}

TEST_CASE("a reader that arms again without disarming is rung again") {
  sleeper s;
  REQUIRE(s.bell.arm());
  REQUIRE(s.send(s.data)); // this ring is taken
  s.read_all();
  REQUIRE(s.bell.arm());
  CHECK(s.bell.armed());
  CHECK(s.send(s.data));
}

TEST_CASE("disarming twice leaves the reader awake") {
  sleeper s;
  REQUIRE(s.bell.arm());
  s.bell.disarm();
  s.bell.disarm();
  CHECK_FALSE(s.bell.armed());
  CHECK_FALSE(s.send(s.data));
}

TEST_CASE("a doorbell made anew is awake, and its next sleep is a new one") {
  sleeper s;
  REQUIRE(s.bell.arm());
  REQUIRE(s.send(s.data));
  s.read_all();
  doorbell_reader anew{s.both.up.own(), s.data_reader, s.control_reader};
  CHECK_FALSE(s.send(s.data));
  s.read_all();
  REQUIRE(anew.arm());
  CHECK(s.send(s.data));
}

TEST_CASE("a reader does not sleep over a corrupt lane") {
  sleeper s;
  s.both.down.header().published[0] = 8;
  record_view record;
  REQUIRE(s.data_reader.next(record) == shown::corrupt);
  CHECK_FALSE(s.bell.arm());
}

TEST_CASE("any value that a hostile reader leaves behind costs at most one ring for each publication") {
  sleeper s;
  auto armed = GENERATE(uint64_t{1}, uint64_t{2}, uint64_t{0xdeadbeef}, ~uint64_t{0});
  s.both.up.header().armed = armed;
  CHECK(s.send(s.data) == (armed % 2 == 1));
  CHECK_FALSE(s.send(s.data));
  CHECK_FALSE(s.data.corrupt());
}
