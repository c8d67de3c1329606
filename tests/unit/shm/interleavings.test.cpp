// Catches a lost wake-up: a reader that sleeps over a record or a writer that waits for room that is there, on any order of
// their accesses and with any store delayed that is not seq_cst. Also catches a doorbell that forgets that it has to ring
// again, and re-checks that come before the announcement.
#include "interleave.hpp"

#include "bulkhead/shm/doorbell.hpp"
#include "bulkhead/shm/lane_writer.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace bulkhead::shm;
using bulkhead::shm::test::interleavings;
using bulkhead::shm::test::stepped;

namespace {

constexpr geometry rings{4096, 4096};
constexpr size_t runs_max = 100'000;

using writer_view = basic_lane_writer<stepped>;
using reader_view = basic_lane_reader<stepped>;

/// Both regions of an edge made of stepped words, at the same place each time. Agent 0 is the reader, the others write.
class stepped_edge {
  struct alignas(4096) region {
    std::byte bytes[header_bytes + 4096 + 4096];
  };

  static std::byte* make(region& place) {
    initialize<stepped>(place.bytes, rings);
    return place.bytes;
  }

  static inline region down_place, up_place;
  std::byte* down_ = make(down_place);
  std::byte* up_ = make(up_place);

public:
  writer_view data{down_, up_, rings, lane_id::data};
  writer_view control{down_, up_, rings, lane_id::control};
  reader_view data_reader{up_, down_, rings, lane_id::data};
  reader_view control_reader{up_, down_, rings, lane_id::control};
  basic_doorbell_reader<stepped> bell{up_, data_reader, control_reader};

  /// Reads until it has seen so many records in both lanes; sleeps when there are none.
  void read_records(int count) {
    record_view record;
    while (count > 0) {
      bool found = false;
      for (auto* lane : {&data_reader, &control_reader})
        while (lane->next(record) == reader_view::outcome::record) {
          lane->consume();
          --count;
          found = true;
        }
      if (count > 0 && !found && bell.arm()) {
        interleavings::wait_for_ring();
        bell.disarm();
      }
    }
  }

  static void send(writer_view& lane) {
    (void) lane.put(1, 0, {});
    if (lane.publish())
      interleavings::ring(0);
  }

  /// Puts a record of a quarter of the ring; waits while there is no room.
  static void send_quarter(writer_view& lane) {
    const std::byte payload[1008]{};
    while (lane.put(1, 0, payload) == writer_view::outcome::full)
      if (lane.want_room(sizeof(payload)))
        interleavings::wait_for_ring();
    (void) lane.publish();
  }

  static void give_back(reader_view& lane, int count) {
    record_view record;
    for (; count > 0; --count) {
      (void) lane.next(record);
      lane.consume();
      if (lane.publish_consumed())
        interleavings::ring(1);
    }
  }
};

void expect_no_lost_ring(const std::function<std::vector<interleavings::agent>()>& make_agents) {
  auto result = interleavings::explore(make_agents, runs_max);
  CAPTURE(result.runs);
  CHECK(result.runs_with_lost_ring == 0);
  CHECK(result.runs > 10);
  CHECK(result.runs < runs_max);
}

} // namespace

TEST_CASE("no order of accesses makes a reader sleep over a record") {
  expect_no_lost_ring([] {
    auto edge = std::make_shared<stepped_edge>();
    return std::vector<interleavings::agent>{[edge] { edge->read_records(1); }, [edge] { edge->send(edge->data); }};
  });
}

TEST_CASE("no order of accesses makes a reader sleep over a record that comes while it wakes up and falls asleep") {
  constexpr int records = 2;
  expect_no_lost_ring([] {
    auto edge = std::make_shared<stepped_edge>();
    return std::vector<interleavings::agent>{[edge] { edge->read_records(records); },
                                             [edge] {
                                               for (int i = 0; i < records; ++i)
                                                 edge->send(edge->control);
                                             }};
  });
}

TEST_CASE("no order of accesses makes a reader that was woken for another reason sleep over a record") {
  expect_no_lost_ring([] {
    auto edge = std::make_shared<stepped_edge>();
    return std::vector<interleavings::agent>{[edge] { edge->read_records(2); },
                                             [edge] {
                                               edge->send(edge->data);
                                               edge->send(edge->data);
                                             },
                                             [] { interleavings::ring(0); }};
  });
}

TEST_CASE("no order of accesses makes a reader sleep over what two threads write to two lanes") {
  expect_no_lost_ring([] {
    auto edge = std::make_shared<stepped_edge>();
    return std::vector<interleavings::agent>{[edge] { edge->read_records(2); }, [edge] { edge->send(edge->data); },
                                             [edge] { edge->send(edge->control); }};
  });
}

TEST_CASE("no order of accesses makes a writer wait for room that is there") {
  auto records = GENERATE(1, 2, 3);
  expect_no_lost_ring([records] {
    auto edge = std::make_shared<stepped_edge>();
    for (int i = 0; i < 4; ++i)
      edge->send_quarter(edge->data); // full, before anybody runs
    return std::vector<interleavings::agent>{[edge, records] { edge->give_back(edge->data_reader, records); },
                                             [edge, records] {
                                               for (int i = 0; i < records; ++i)
                                                 edge->send_quarter(edge->data);
                                             }};
  });
}

TEST_CASE("the exploration finds a wake-up that is lost for want of a full fence") {
  struct words {
    stepped<uint64_t> published, armed;
  };
  static words shared;
  auto order = GENERATE(std::memory_order_seq_cst, std::memory_order_release);
  auto result = interleavings::explore(
    [order] {
      shared = {};
      return std::vector<interleavings::agent>{[] {
                                                 shared.armed.store(1, std::memory_order_seq_cst);
                                                 if (shared.published.load(std::memory_order_seq_cst) == 0)
                                                   interleavings::wait_for_ring();
                                               },
                                               [order] {
                                                 shared.published.store(1, order);
                                                 if (shared.armed.load(std::memory_order_seq_cst) == 1)
                                                   interleavings::ring(0);
                                               }};
    },
    runs_max);
  CHECK((result.runs_with_lost_ring == 0) == (order == std::memory_order_seq_cst));
}
