// Catches an event that is lost without need, one of which a part is another event's, and garbage that is taken for events or hurts
// its reader.
#include "bulkhead/shm/black_box.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <thread>

using namespace bulkhead::shm;

namespace {

std::unique_ptr<recorder_memory> empty_memory() {
  auto result = std::make_unique<recorder_memory>();
  std::memset(static_cast<void*>(result.get()), 0, sizeof(recorder_memory));
  return result;
}

/// All fields tell the same number.
recorded_message message_of(uint64_t number) {
  return {number, number, number, number, static_cast<uint32_t>(number), static_cast<uint32_t>(number)};
}

bool is_whole(const recorded_event& what) {
  auto& x = what.message;
  return what.time_ns == x.sender && x.sender == x.receiver && x.sender == x.request && x.sender == x.types
         && x.sender_process == static_cast<uint32_t>(x.sender) && x.bytes == x.sender_process;
}

std::string text_of(const recorded_event& what) {
  return std::string{bulkhead::platform::text_in(what.text)};
}

} // namespace

TEST_CASE("memory that is all zero holds no event") {
  auto memory = empty_memory();
  auto found = read_flight(*memory);
  CHECK(found.events.empty());
  CHECK(found.messages == 0);
}

TEST_CASE("events are read in their order, with what belongs to them") {
  auto memory = empty_memory();
  flight_recorder recorder{*memory};
  auto first = recorder.begin({1, 2, 3, 4, 5, 6}, 100);
  recorder.mark("half way", 200);
  recorder.end(first);
  (void) recorder.begin({7, 8, 9, 10, 11, 12}, 300);
  auto found = read_flight(*memory);
  REQUIRE(found.events.size() == 3);
  CHECK(found.messages == 2);
  CHECK(found.events[0].kind == recorded_kind::message);
  CHECK(found.events[0].time_ns == 100);
  CHECK(found.events[0].ended);
  CHECK(found.events[0].message.sender == 1);
  CHECK(found.events[0].message.receiver == 2);
  CHECK(found.events[0].message.request == 3);
  CHECK(found.events[0].message.types == 4);
  CHECK(found.events[0].message.sender_process == 5);
  CHECK(found.events[0].message.bytes == 6);
  CHECK(found.events[1].kind == recorded_kind::mark);
  CHECK(text_of(found.events[1]) == "half way");
  CHECK_FALSE(found.events[2].ended);
}

TEST_CASE("the last 256 events are kept, and a late end does not end the event in its place") {
  auto memory = empty_memory();
  flight_recorder recorder{*memory};
  auto late = recorder.begin(message_of(0), 0);
  for (uint64_t i = 1; i <= 256; ++i)
    (void) recorder.begin(message_of(i), i);
  recorder.end(late);
  auto found = read_flight(*memory);
  REQUIRE(found.events.size() == recorded_events_max);
  CHECK(found.messages == 257);
  for (uint64_t i = 0; i < recorded_events_max; ++i) {
    CHECK(found.events[i].message.sender == i + 1);
    CHECK_FALSE(found.events[i].ended);
  }
}

TEST_CASE("a mark keeps the first 64 bytes of its text, and nothing of the one before") {
  auto memory = empty_memory();
  flight_recorder recorder{*memory};
  for (size_t i = 0; i < recorded_events_max; ++i)
    recorder.mark(std::string(100, 'x'), 0);
  CHECK(text_of(read_flight(*memory).events[0]) == std::string(64, 'x'));
  recorder.mark("short", 0);
  CHECK(text_of(read_flight(*memory).events.back()) == "short");
  recorder.mark("", 0);
  CHECK(text_of(read_flight(*memory).events.back()).empty());
}

TEST_CASE("a slot in which a thread was stopped is left out, and costs nobody else anything") {
  auto memory = empty_memory();
  flight_recorder recorder{*memory};
  for (uint64_t i = 0; i < 10; ++i)
    (void) recorder.begin(message_of(i), i);
  memory->slots[5].sequence = 2 * (5 + recorded_events_max) + 1; // claimed for its next event, and no more
  CHECK(read_flight(*memory).events.size() == 9);
  for (uint64_t i = 10; i < 1000; ++i)
    CHECK(recorder.begin(message_of(i), i) != 0);
  auto found = read_flight(*memory);
  CHECK(found.events.size() == recorded_events_max - 1);
  for (auto& x : found.events)
    CHECK(is_whole(x));
}

TEST_CASE("a note of the next position that is late loses no event") {
  auto memory = empty_memory();
  flight_recorder recorder{*memory};
  for (uint64_t i = 0; i < 200; ++i)
    (void) recorder.begin(message_of(i), i);
  memory->next = 3;
  CHECK(recorder.begin(message_of(200), 200) == 201);
  CHECK(read_flight(*memory).events.size() == 201);
}

TEST_CASE("threads that record at the same time write whole events, each in a place of its own") {
  auto memory = empty_memory();
  constexpr uint64_t each = 20'000;
  std::vector<std::thread> threads;
  for (uint64_t number = 1; number <= 4; ++number)
    threads.emplace_back([&memory, number] {
      flight_recorder recorder{*memory};
      for (uint64_t i = 0; i < each; ++i) {
        auto what = number * each + i;
        recorder.end(recorder.begin(message_of(what), what));
      }
    });
  for (auto& x : threads)
    x.join();
  auto found = read_flight(*memory);
  CHECK(found.events.size() == recorded_events_max);
  CHECK(found.messages >= each);
  for (auto& x : found.events)
    CHECK(is_whole(x));
}

TEST_CASE("any bytes are some events") {
  std::mt19937_64 random{3};
  auto memory = empty_memory();
  for (int round = 0; round < 200; ++round) {
    std::vector<uint64_t> words(sizeof(recorder_memory) / sizeof(uint64_t));
    for (auto& x : words)
      x = round % 2 == 0 ? random() : random() % 1024;
    std::memcpy(static_cast<void*>(memory.get()), words.data(), sizeof(recorder_memory));
    auto found = read_flight(*memory);
    CHECK(found.events.size() <= recorded_events_max);
    flight_recorder recorder{*memory};
    (void) recorder.begin(message_of(1), 1);
    recorder.mark("still there", 2);
  }
}
