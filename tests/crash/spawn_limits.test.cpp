#include <catch2/catch.hpp>

#include "crash/actors.hpp"
#include "crash/child_host.hpp"

#include <bulkhead/platform/this_process.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <optional>

#include <sys/resource.h>
#include <unistd.h>

using namespace crash;
using bulkhead::errc;
using test_support::eventually;
using test_support::host_fixture;

namespace {

// While it lives this process can have no more than `max` of what `which` counts.
class lowered_limit {
public:
  lowered_limit(__rlimit_resource which, rlim_t max) : which_(which) {
    REQUIRE(::getrlimit(which, &before_) == 0);
    auto low = before_;
    low.rlim_cur = max;
    REQUIRE(::setrlimit(which, &low) == 0);
  }

  ~lowered_limit() {
    ::setrlimit(which_, &before_);
  }

private:
  __rlimit_resource which_;
  rlimit before_ = {};
};

template <class T>
std::optional<T> result_of(std::future<T> future) {
  if (future.wait_for(test_support::patience) != std::future_status::ready)
    return std::nullopt;
  return future.get();
}

} // namespace

TEST_CASE("spawns fail while descriptors are exhausted, leave nothing behind, and work again afterwards") {
  host_fixture f;
  auto bystander = f.host.spawn("victim");
  REQUIRE(bystander);
  auto open = bulkhead::platform::open_descriptors();
  // Each number of free descriptors makes another call the one that fails.
  for (size_t spare = 0; spare < 12; ++spare) {
    INFO(spare << " descriptors are left");
    lowered_limit few{RLIMIT_NOFILE, open + spare};
    auto result = f.host.spawn("victim");
    REQUIRE_FALSE(result);
    CHECK(result.error() == errc::resources_exhausted);
  }
  CHECK(eventually([&] { return f.host.live_workers() == 1; }));
  CHECK(bulkhead::platform::open_descriptors() == open);
  CHECK(answers(f.sys, *bystander));
  auto again = f.host.spawn("victim");
  REQUIRE(again);
  CHECK(answers(f.sys, *again));
}

TEST_CASE("a spawn at the limit of processes is an exhausted resource") {
  if (::geteuid() == 0)
    return; // the limit does not hold for the superuser
  host_fixture f;
  std::optional<lowered_limit> none;
  none.emplace(RLIMIT_NPROC, rlim_t{1});
  auto result = f.host.spawn("victim");
  none.reset();
  REQUIRE_FALSE(result);
  CHECK(result.error() == errc::resources_exhausted);
  CHECK(f.host.spawn("victim"));
}

TEST_CASE("without the module each spawn says that it is not loaded") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  auto host = bulkhead::host::of(sys);
  auto spawned = host.spawn("victim");
  REQUIRE_FALSE(spawned);
  CHECK(spawned.error() == errc::not_loaded);
  auto started = host.start_worker();
  REQUIRE_FALSE(started);
  CHECK(started.error() == errc::not_loaded);
  CHECK(host.live_workers() == 0);
  CHECK(host.dropped_messages() == 0);
  host.log_to([](std::string_view) {});
}

TEST_CASE("a program with the main function of CAF gets an error that it can print") {
  auto child = start_child_host("caf_main", {});
  auto text = read_output(child);
  for (auto call : {"spawn: caf::sec::runtime_error(", "submit: caf::sec::runtime_error("}) {
    auto line = text.find(call);
    CAPTURE(text, call);
    REQUIRE(line != std::string::npos);
    CHECK(text.find("BULKHEAD_MAIN", line) < text.find('\n', line));
  }
  auto status = child.process.reap_within(test_support::patience);
  REQUIRE(status);
  CHECK(status->value == 0);
}

TEST_CASE("spawn_async answers with the handle, or with the error") {
  auto good = std::make_shared<std::promise<caf::error>>();
  auto bad = std::make_shared<std::promise<caf::error>>();
  host_fixture f{1};
  f.sys.spawn([host = f.host, good, bad](caf::event_based_actor* self) mutable {
    host.spawn_async(self, "victim")
      .then([good](const caf::actor& handle) { good->set_value(handle ? caf::error{} : caf::sec::none); },
            [good](const caf::error& why) { good->set_value(why); });
    host.spawn_async(self, "nobody")
      .then([bad](const caf::actor&) { bad->set_value({}); }, [bad](const caf::error& why) { bad->set_value(why); });
  });
  auto outcome = result_of(good->get_future());
  REQUIRE(outcome);
  CHECK_FALSE(*outcome);
  outcome = result_of(bad->get_future());
  REQUIRE(outcome);
  CHECK(*outcome == errc::unknown_actor);
}

TEST_CASE("the requester of a spawn_async may be gone when the answer comes") {
  leftovers before;
  {
    host_fixture f;
    for (auto i = 0; i < 5; ++i)
      f.sys.spawn([host = f.host](caf::event_based_actor* self) mutable {
        host.spawn_async(self, "victim").then([](const caf::actor&) {});
        self->quit();
      });
    CHECK(eventually([&] { return f.host.live_workers() > 0; }));
    CHECK(eventually([&] { return f.host.live_workers() == 0; }));
  }
  before.check();
}

TEST_CASE("the end of the system waits for actors that wait for a spawn, and answers them") {
  leftovers before;
  std::atomic<int> answered = 0;
  {
    host_fixture f;
    for (auto i = 0; i < 8; ++i)
      f.sys.spawn([host = f.host, &answered](caf::event_based_actor* self) mutable {
        host.spawn_async(self, "victim")
          .then([&answered](const caf::actor&) { ++answered; }, [&answered](const caf::error&) { ++answered; });
      });
    CHECK(eventually([&] { return f.host.live_workers() > 3; }));
  }
  CHECK(answered == 8);
  before.check();
}

TEST_CASE("a system that does not wait for its actors may end while workers start") {
  leftovers before;
  for (size_t round = 0; round < 4; ++round) {
    host_fixture f;
    f.sys.await_actors_before_shutdown(false);
    for (auto i = 0; i < 4; ++i)
      f.sys.spawn([host = f.host](caf::event_based_actor* self) mutable {
        host.spawn_async(self, "victim").then([](const caf::actor&) {});
      });
    CHECK(eventually([&] { return f.host.live_workers() > round; }));
  }
  before.check();
}
