// Catches, on real processors: a lost wake-up of either kind (a thread waits until its watchdog gives up), a record before
// its bytes, and room that is used before it was given back. Both threads share one mapping of each region, so that TSan sees
// them as it would see two processes.
#include "bulkhead/shm/doorbell.hpp"

#include "regions.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstring>
#include <random>
#include <semaphore>
#include <thread>

using namespace bulkhead::shm;
using namespace bulkhead::shm::test;

namespace {

using bell_stand_in = std::counting_semaphore<>; // stands for the eventfd

constexpr auto watchdog = std::chrono::seconds{20};

/// One process of an edge: sends a number of records over both lanes, reads as many, and sleeps when it can do neither.
class side {
public:
  side(std::byte* own, std::byte* peer, geometry rings, bell_stand_in& own_bell, bell_stand_in& peer_bell,
       unsigned seed)
    : lanes_{{{own, peer, rings, lane_id::data}, {own, peer, rings, lane_id::data}},
             {{own, peer, rings, lane_id::control}, {own, peer, rings, lane_id::control}}},
      bell_(own, lanes_[0].reader, lanes_[1].reader),
      own_bell_(own_bell),
      peer_bell_(peer_bell),
      random_(seed) {}

  /// @returns an empty string, or what went wrong.
  std::string run(uint64_t records) {
    while (!done(records)) {
      bool moved = false;
      for (auto& lane : lanes_) {
        moved |= send(lane, records);
        moved |= receive(lane);
      }
      if (error_)
        return error_;
      if (!moved && !sleep(records))
        return "a ring was lost";
    }
    return {};
  }

private:
  struct lane_state {
    lane_writer writer;
    lane_reader reader;
    uint64_t sent = 0;
    uint64_t received = 0;
    size_t next_bytes = 8;
  };

  bool done(uint64_t records) const {
    for (auto& lane : lanes_)
      if (lane.sent < records || lane.received < records)
        return false;
    return true;
  }

  /// Puts a random batch of records, each filled with its number.
  bool send(lane_state& out, uint64_t records) {
    auto batch = 1 + random_() % 8;
    size_t put = 0;
    for (; put < batch && out.sent < records; ++put) {
      std::vector<uint64_t> payload(out.next_bytes / 8, out.sent + 1);
      auto outcome = out.writer.put(1, 0, std::as_bytes(std::span{payload}), {}, out.sent + 1);
      if (outcome == written::full)
        break;
      if (outcome != written::written)
        error_ = out.writer.what_is_corrupt();
      ++out.sent;
      out.next_bytes = random_() % (random_() % 16 == 0 ? 126 : 12) * 8;
    }
    if (out.writer.publish())
      peer_bell_.release();
    return put > 0;
  }

  /// Reads a random batch of records and gives its room back.
  bool receive(lane_state& in) {
    auto batch = 1 + random_() % 8;
    size_t read_records = 0;
    record_view record;
    for (; read_records < batch; ++read_records) {
      auto outcome = in.reader.next(record);
      if (outcome == shown::empty)
        break;
      if (outcome == shown::corrupt) {
        error_ = in.reader.what_is_corrupt();
        break;
      }
      if (!intact(record, ++in.received))
        error_ = "a record came before its bytes, or was overwritten";
      in.reader.consume();
    }
    if (in.reader.publish_consumed())
      peer_bell_.release();
    return read_records > 0;
  }

  static bool intact(const record_view& record, uint64_t number) {
    for (size_t at = 0; at < record.payload.size(); at += 8) {
      uint64_t word;
      std::memcpy(&word, record.payload.data() + at, sizeof(word));
      if (word != number)
        return false;
    }
    return record.aux == number;
  }

  /// @returns false if nothing happened until the watchdog gave up.
  bool sleep(uint64_t records) {
    for (auto& lane : lanes_)
      if (lane.sent < records && !lane.writer.want_room(lane.next_bytes))
        return true;
    if (!bell_.arm())
      return true;
    auto rung = own_bell_.try_acquire_for(watchdog);
    bell_.disarm();
    return rung;
  }

  lane_state lanes_[2];
  doorbell_reader bell_;
  bell_stand_in& own_bell_;
  bell_stand_in& peer_bell_;
  std::mt19937 random_;
  const char* error_ = nullptr;
};

} // namespace

TEST_CASE("no byte and no wake-up is lost between two sides that send, read, fill up and sleep as they please") {
  constexpr uint64_t records = 150'000;
  edge both;
  bell_stand_in host_bell{0}, worker_bell{0};
  std::string host_error, worker_error;
  std::thread worker{[&] {
    side there{both.up.own(), both.down.own(), both.rings, worker_bell, host_bell, 1};
    worker_error = there.run(records);
  }};
  side here{both.down.own(), both.up.own(), both.rings, host_bell, worker_bell, 2};
  host_error = here.run(records);
  worker.join();
  CHECK(host_error == "");
  CHECK(worker_error == "");
}

TEST_CASE("a reader that sleeps after each record is woken for each") {
  constexpr int records = 20'000;
  edge both;
  bell_stand_in bell{0}, answer{0};
  bool lost = false;
  std::thread consumer{[&] {
    lane_reader data{both.up.own(), both.down.own(), both.rings, lane_id::data};
    lane_reader control{both.up.own(), both.down.own(), both.rings, lane_id::control};
    doorbell_reader doorbell{both.up.own(), data, control};
    record_view record;
    for (int i = 0; i < records && !lost;) {
      if (doorbell.arm()) {
        lost = !bell.try_acquire_for(watchdog);
        doorbell.disarm();
      }
      for (auto* lane : {&data, &control})
        if (lane->next(record) == shown::record) {
          lane->consume();
          (void) lane->publish_consumed();
          answer.release();
          ++i;
        }
    }
  }};
  lane_writer lanes[]{{both.down.own(), both.up.own(), both.rings, lane_id::data},
                      {both.down.own(), both.up.own(), both.rings, lane_id::control}};
  bool answered = true;
  for (int i = 0; i < records && answered; ++i) {
    auto& lane = lanes[i % 2];
    (void) lane.put(1, 0, {});
    if (lane.publish())
      bell.release();
    answered = answer.try_acquire_for(watchdog);
  }
  consumer.join();
  CHECK_FALSE(lost);
  CHECK(answered);
}

TEST_CASE("a writer that fills the ring again and again is woken for each room that it waits for") {
  constexpr int records = 100'000;
  edge both;
  bell_stand_in bell{0};
  bool lost = false;
  std::atomic<bool> stop{false};
  std::thread consumer{[&] {
    lane_reader reader{both.up.own(), both.down.own(), both.rings, lane_id::data};
    record_view record;
    for (int i = 0; i < records && !stop;) {
      if (reader.next(record) != shown::record) {
        std::this_thread::yield();
        continue;
      }
      reader.consume();
      ++i;
      if (reader.publish_consumed())
        bell.release();
    }
  }};
  lane_writer writer{both.down.own(), both.up.own(), both.rings, lane_id::data};
  const std::byte payload[1008]{};
  for (int i = 0; i < records && !lost; ++i) {
    auto bytes = static_cast<size_t>(i * 7) % 1009;
    while (!lost && writer.put(1, 0, {payload, bytes}) == written::full)
      if (writer.want_room(bytes))
        lost = !bell.try_acquire_for(watchdog);
    (void) writer.publish();
  }
  stop = lost;
  consumer.join();
  CHECK_FALSE(lost);
}
