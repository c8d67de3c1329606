// Catches misuse by this process that would go on unnoticed and damage the lane.
#include "regions.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <sys/wait.h>

using namespace bulkhead::shm;
using namespace bulkhead::shm::test;

namespace {

/// Runs the misuse in a child process. @returns whether it aborted.
template <class F>
bool aborts(F misuse) {
  auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    close(STDERR_FILENO);
    misuse();
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

} // namespace

TEST_CASE("correct use breaks no invariant") {
  CHECK_FALSE(aborts([] {
    edge both;
    auto writer = both.writer();
    auto reader = both.reader();
    record_view record;
    (void) writer.put(1, 0, {});
    (void) writer.publish();
    (void) reader.next(record);
    reader.consume();
    (void) reader.publish_consumed(record.end_position);
  }));
}

TEST_CASE("a record that was not shown cannot be consumed") {
  edge both;
  auto reader = both.reader();
  CHECK(aborts([&] { reader.consume(); }));
}

TEST_CASE("a record cannot be consumed twice") {
  edge both;
  auto writer = both.writer();
  auto reader = both.reader();
  record_view record;
  REQUIRE(writer.put(1, 0, {}) == written::written);
  (void) writer.publish();
  REQUIRE(reader.next(record) == shown::record);
  reader.consume();
  CHECK(aborts([&] { reader.consume(); }));
}

TEST_CASE("room that was not consumed cannot be given back") {
  edge both;
  auto reader = both.reader();
  CHECK(aborts([&] { (void) reader.publish_consumed(16); }));
}

TEST_CASE("the padding kind cannot be put") {
  edge both;
  auto writer = both.writer();
  CHECK(aborts([&] { (void) writer.put(padding_kind, 0, {}); }));
}

TEST_CASE("nobody waits for room with records that are not published") {
  edge both;
  auto writer = both.writer();
  REQUIRE(writer.put(1, 0, {}) == written::written);
  CHECK(aborts([&] { (void) writer.want_room(); }));
}

TEST_CASE("a region is not initialized with an invalid geometry") {
  guarded_region region{small};
  CHECK(aborts([&] { initialize(region.own(), {4095, 4096}); }));
}
