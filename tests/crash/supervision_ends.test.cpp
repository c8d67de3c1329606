// When a supervised handle ends, and when it does not.
#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::end_of;
using test_support::eventually;
using test_support::host_fixture;

namespace {

// Kills the present process.
void kill_one(caf::scoped_actor& self, const caf::actor& clerk) {
  auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
  REQUIRE(pid);
  ::kill(*pid, SIGKILL);
  REQUIRE(eventually([&] { return !process_runs(*pid); }));
}

} // namespace

TEST_CASE("a worker that dies too often is given up with the story, and what waits for it fails with that") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto options = supervised();
    options.restart.restarts_max = 2;
    options.restart.within = 24h;
    auto clerk = spawn_clerk(here, options, book);
    event_log events{here};
    caf::scoped_actor self{here.sys};
    self->monitor(clerk);
    for (int i = 0; i < 2; ++i)
      kill_one(self, clerk);
    auto last = self->request(clerk, caf::infinite, caf::delete_atom_v, int32_t{1000});
    auto behind = self->request(clerk, caf::infinite, caf::put_atom_v, int32_t{1}, int32_t{7});
    last.receive([](int32_t) { FAIL("answered"); }, [](const caf::error& why) { CHECK(why == errc::worker_lost); });
    behind.receive([](int32_t) { FAIL("answered"); },
                   [](const caf::error& why) { CHECK(why == errc::restarts_exhausted); });
    auto reason = end_of(self, clerk);
    REQUIRE(reason);
    CHECK(*reason == errc::restarts_exhausted);
    auto death = death_of(*reason);
    REQUIRE(death);
    CHECK(death->incarnation == 3);
    CHECK(to_string(*reason).find("3 deaths within 86400000 ms") != std::string::npos);
    CHECK(to_string(*reason).find("signal 9") != std::string::npos);
    auto late = ask<int32_t>(self, clerk, caf::get_atom_v);
    REQUIRE_FALSE(late);
    CHECK(late.error() == errc::restarts_exhausted);
    CHECK(eventually([&] { return events.count(supervision_incident::gave_up) == 1; }));
    CHECK(eventually([&] { return here.host.live_workers() == 0; }));
  }
  before.check();
}

TEST_CASE("an actor that quits ends its handle, and is not started again") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(), book);
  caf::scoped_actor self{here.sys};
  self->monitor(clerk);
  kill_one(self, clerk);
  self->send(clerk, caf::close_atom_v);
  auto reason = end_of(self, clerk);
  REQUIRE(reason);
  CHECK_FALSE(*reason);
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("an actor that ends itself with an error is started again") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(), book);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  CHECK(ask<int32_t>(self, clerk, caf::get_atom_v)); // its answer tells its own name for itself, which ends with it
  self->send(clerk, caf::close_atom_v, std::string{"too many"});
  REQUIRE(eventually([&] { return events.count(supervision_incident::restarted) == 1; }));
  CHECK(ask<int32_t>(self, clerk, caf::get_atom_v));
  CHECK(events.all()[0].death.detail.find("its actor ended") != std::string::npos);
}

TEST_CASE("an actor that quits is started again if it is to live always") {
  host_fixture here;
  diary book;
  auto options = supervised();
  options.restart.when = restart_when::always;
  auto clerk = spawn_clerk(here, options, book);
  event_log events{here};
  caf::scoped_actor self{here.sys};
  self->send(clerk, caf::close_atom_v);
  REQUIRE(eventually([&] { return events.count(supervision_incident::restarted) == 1; }));
  CHECK(ask<int32_t>(self, clerk, caf::get_atom_v));
}

TEST_CASE("an exit message to the handle ends the actor for good, whether it has a process or not") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto options = supervised();
    options.restart.when = restart_when::always;
    caf::scoped_actor self{here.sys};
    auto clerk = spawn_clerk(here, options, book);
    self->monitor(clerk);
    caf::anon_send_exit(clerk, caf::exit_reason::kill);
    auto reason = end_of(self, clerk);
    REQUIRE(reason);
    CHECK(*reason == caf::exit_reason::kill);
    options.restart.backoff_min = options.restart.backoff_max = 24h;
    clerk = spawn_clerk(here, options, book);
    self->monitor(clerk);
    kill_one(self, clerk);
    kill_one(self, clerk);
    REQUIRE(eventually([&] { return here.host.live_workers() == 0; }));
    auto waiting = self->request(clerk, caf::infinite, caf::get_atom_v);
    caf::anon_send_exit(clerk, caf::exit_reason::user_shutdown);
    reason = end_of(self, clerk);
    REQUIRE(reason);
    CHECK(*reason == caf::exit_reason::user_shutdown);
    waiting.receive([](int32_t) { FAIL("answered"); },
                    [](const caf::error& why) { CHECK(why == caf::sec::request_receiver_down); });
  }
  before.check();
}

TEST_CASE("the end of the system ends a supervised worker that lives, and one that waits for its restart") {
  leftovers before;
  {
    host_fixture here;
    diary book;
    auto options = supervised();
    auto alive = spawn_clerk(here, options, book);
    options.restart.backoff_min = options.restart.backoff_max = 24h;
    auto waiting = spawn_clerk(here, options, book);
    caf::scoped_actor self{here.sys};
    kill_one(self, waiting);
    kill_one(self, waiting);
    REQUIRE(eventually([&] { return here.host.live_workers() == 1; }));
    self->send(waiting, caf::add_atom_v, int32_t{1}, int32_t{1});
  }
  before.check();
}

TEST_CASE("a supervised actor that nobody refers to any more ends, and so does one that waits for its restart") {
  leftovers before;
  host_fixture here;
  diary book;
  {
    auto options = supervised();
    auto alive = spawn_clerk(here, options, book);
    options.restart.backoff_min = options.restart.backoff_max = 24h;
    auto waiting = spawn_clerk(here, options, book);
    caf::scoped_actor self{here.sys};
    CHECK(ask<int32_t>(self, alive, caf::get_atom_v));
    kill_one(self, waiting);
    kill_one(self, waiting);
    REQUIRE(eventually([&] { return here.host.live_workers() == 1; }));
  }
  CHECK(eventually([&] { return here.host.live_workers() == 0; }));
}

TEST_CASE("messages to a worker that waits for its restart are handled by the successor, and too many are refused") {
  host_fixture here;
  diary book;
  auto options = supervised();
  options.restart.backoff_min = options.restart.backoff_max = 300ms;
  options.actor_backlog.messages_max = 10;
  auto clerk = spawn_clerk(here, options, book);
  caf::scoped_actor self{here.sys};
  kill_one(self, clerk);
  kill_one(self, clerk);
  REQUIRE(eventually([&] { return here.host.live_workers() == 0; }));
  for (int32_t i = 0; i < 10; ++i)
    self->send(clerk, caf::add_atom_v, int32_t{1}, i);
  auto refused = ask<int32_t>(self, clerk, caf::get_atom_v);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == errc::mailbox_full);
  REQUIRE(book.wait_for(10));
  auto numbers = book.entries()[1];
  CHECK(std::is_sorted(numbers.begin(), numbers.end()));
  CHECK(ask<int32_t>(self, clerk, caf::get_atom_v));
}

TEST_CASE("a successor that cannot start counts as a death, and the last cause is told") {
  leftovers before;
  {
    host_fixture here;
    auto options = supervised();
    options.restart.restarts_max = 3;
    options.restart.within = 24h;
    caf::scoped_actor self{here.sys};
    caf::actor clerk;
    {
      diary book;
      clerk = spawn_clerk(here, options, book);
      // The diary's folder goes, and no other clerk can open it.
    }
    self->monitor(clerk);
    kill_one(self, clerk);
    auto reason = end_of(self, clerk);
    REQUIRE(reason);
    CHECK(*reason == errc::restarts_exhausted);
    CHECK(to_string(*reason).find("no diary") != std::string::npos);
  }
  before.check();
}

TEST_CASE("a first start that fails is an error of the spawn, and leaves nothing") {
  leftovers before;
  {
    host_fixture here;
    auto failed = here.host.spawn("clerk", supervised(), std::string{"/no/such/folder/diary"});
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == errc::constructor_failed);
    auto options = supervised();
    options.restart.poison_after = 0;
    auto wrong = here.host.spawn("clerk", options, std::string{"x"});
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error() == errc::invalid_option);
    CHECK(to_string(wrong.error()).find("restart.poison_after") != std::string::npos);
    auto several = here.host.start_worker(supervised());
    REQUIRE_FALSE(several);
    CHECK(several.error() == errc::invalid_option);
    CHECK(eventually([&] { return here.host.live_workers() == 0; }));
  }
  before.check();
}

TEST_CASE("a supervised actor is its handle to others, whichever process sends it") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(), book);
  caf::scoped_actor self{here.sys};
  for (int round = 0; round < 3; ++round) {
    self->send(clerk, caf::link_atom_v, caf::actor_cast<caf::actor>(self));
    self->receive([&](const caf::actor& who) {
      CHECK(who == clerk);
      CHECK(self->current_sender() == clerk);
    });
    kill_one(self, clerk);
  }
}

TEST_CASE("a link with a supervised actor outlives its processes, and ends the one that lives then") {
  host_fixture here;
  diary book;
  auto clerk = spawn_clerk(here, supervised(), book);
  caf::scoped_actor self{here.sys};
  self->monitor(clerk);
  auto friend_of = here.sys.spawn([clerk](caf::event_based_actor* own) -> caf::behavior {
    own->link_to(clerk);
    return {[](caf::ok_atom) { return true; }};
  });
  CHECK(ask<bool>(self, friend_of, caf::ok_atom_v));
  kill_one(self, clerk);
  auto pid = ask<int32_t>(self, clerk, caf::get_atom_v);
  REQUIRE(pid);
  CHECK(ask<bool>(self, friend_of, caf::ok_atom_v));
  caf::anon_send_exit(friend_of, caf::exit_reason::user_shutdown);
  auto reason = end_of(self, clerk);
  REQUIRE(reason);
  CHECK(*reason == caf::exit_reason::user_shutdown);
  CHECK(eventually([&] { return !process_runs(*pid); }));
}
