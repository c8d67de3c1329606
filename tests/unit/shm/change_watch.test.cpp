// Catches a change that nobody is told of although somebody waits for it.
#include <catch2/catch.hpp>

#include <bulkhead/shm/change_watch.hpp>
#include <bulkhead/shm/value_slots.hpp>

#include <semaphore>
#include <thread>

using namespace bulkhead::shm;

namespace {

constexpr value_layout layout{8};

struct alignas(128) memory {
  std::byte bytes[layout.bytes()]{};
};

} // namespace

TEST_CASE("a watch is taken once for each time that it is wanted") {
  change_watch watch;
  CHECK_FALSE(watch.take());
  watch.want();
  watch.want();
  CHECK(watch.take());
  CHECK_FALSE(watch.take());
}

TEST_CASE("a watcher that finds nothing new is always told of the next store") {
  auto m = std::make_unique<memory>();
  change_watch watch;
  std::counting_semaphore<> told{0};
  constexpr uint64_t stores = 20'000;
  value_writer writer{m->bytes, layout};
  std::thread watcher{[&] {
    value_reader reader{m->bytes, layout};
    for (uint64_t seen = 0; seen < stores;) {
      watch.want();
      if (auto now = reader.version(); now > seen)
        seen = now;
      else
        told.acquire(); // for ever, if a change were lost
    }
  }};
  for (uint64_t i = 1; i <= stores; ++i) {
    writer.store(&i);
    if (watch.take())
      told.release();
    if (i % 16 == 0)
      std::this_thread::yield();
  }
  watcher.join();
  CHECK(writer.version() == stores);
}
