// Catches a worker that an actor has started without blocking and then never hears of, or that nobody stops because the
// actor has ended meanwhile.
#include "support/fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>

using namespace test_support;

namespace {

caf::behavior doubler(caf::event_based_actor*) {
  return {[](int32_t x) { return x * 2; }};
}

const known_actor doubler_known{bulkhead::heavy<"start_worker.doubler", doubler>::add_to};

// Starts a worker, spawns into it, and answers with what its actor says; then the worker is stopped.
caf::behavior starter(caf::event_based_actor* self) {
  return {
    [self](int32_t x) {
      auto answer = self->make_response_promise<int32_t>();
      bulkhead::host::of(self->system())
        .start_worker_async(self, {}, [=](caf::expected<bulkhead::worker> made) mutable {
          if (!made) {
            answer.deliver(made.error());
            return;
          }
          auto process = *made;
          process.spawn_async(self, "start_worker.doubler").then([=](const caf::actor& heavy) mutable {
            self->request(heavy, caf::infinite, x).then([=](int32_t y) mutable {
              process.stop();
              answer.deliver(y);
            });
          });
        });
      return answer;
    },
  };
}

} // namespace

TEST_CASE("an actor starts a worker without blocking and spawns into it") {
  host_fixture f;
  caf::scoped_actor self{f.sys};
  auto result = 0;
  self->request(self->spawn(starter), patience, int32_t{21})
    .receive([&](int32_t y) { result = y; }, [](const caf::error& reason) { FAIL(to_string(reason)); });
  CHECK(result == 42);
  CHECK(eventually([&] { return f.host.live_workers() == 0; }));
}

TEST_CASE("a worker that cannot start without blocking is reported to the actor") {
  host_fixture f;
  auto error = std::make_shared<caf::error>();
  auto told = std::make_shared<std::atomic<bool>>(false);
  f.sys.spawn([error, told](caf::event_based_actor* self) -> caf::behavior {
    bulkhead::worker_options options;
    options.program = "/no/such/program";
    bulkhead::host::of(self->system()).start_worker_async(self, options, [=](caf::expected<bulkhead::worker> made) {
      if (!made)
        *error = made.error();
      *told = true;
      self->quit();
    });
    return {[](int32_t) {}};
  });
  REQUIRE(eventually([&] { return told->load(); }));
  CHECK(*error == bulkhead::errc::program_not_found);
}

TEST_CASE("a worker whose actor ends before it is up is stopped") {
  host_fixture f;
  auto begun = std::make_shared<std::atomic<bool>>(false);
  auto called = std::make_shared<std::atomic<bool>>(false);
  f.sys.spawn([begun, called](caf::event_based_actor* self) {
    auto on_start = [=](caf::expected<bulkhead::worker>) { *called = true; };
    bulkhead::host::of(self->system()).start_worker_async(self, {}, on_start);
    self->quit();
    *begun = true;
  });
  REQUIRE(eventually([&] { return begun->load(); }));
  CHECK(eventually([&] { return f.host.live_workers() == 0; }));
  CHECK_FALSE(called->load());
}
