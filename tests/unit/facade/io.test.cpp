// What light actors get from bulkhead::io in the host.
//
// Catches a completion handler that runs at the same time as another handler of its actor, one that runs after the end of
// its actor, and idle connections that cost a thread or wake-ups.

#include "support/stage.hpp"

#include <bulkhead/io.hpp>

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

using namespace test_support;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using local_protocol = asio::local::stream_protocol;

// Noticed by the test when two handlers of one actor overlap. The counter is not atomic on purpose.
struct turnstile {
  std::atomic<bool> inside = false;
  std::atomic<size_t> overlaps = 0;
  size_t passed = 0;

  void pass() {
    if (inside.exchange(true))
      ++overlaps;
    ++passed;
    inside = false;
  }
};

constexpr size_t rounds = 2'000;

using lent_executor = std::optional<bulkhead::actor_executor>;

struct busy_state {
  std::vector<asio::steady_timer> timers;
  size_t left = 3 * rounds;
};

// Passes the turnstile for each timer, each message, and each piece of work that is posted in the actor or elsewhere.
caf::behavior busy(caf::stateful_actor<busy_state>* self, std::shared_ptr<turnstile> entry, lent_executor* lent,
                   caf::actor observer) {
  auto io = bulkhead::io(self);
  *lent = io;
  auto pass = [=] {
    entry->pass();
    if (--self->state.left == 0)
      self->send(observer, caf::ok_atom_v);
  };
  self->state.timers.reserve(rounds);
  for (size_t i = 0; i < rounds; ++i) {
    self->state.timers.emplace_back(io, std::chrono::microseconds{10 * i});
    self->state.timers.back().async_wait([=](error_code) { pass(); });
  }
  return {
    [=](caf::tick_atom) { pass(); },
    [=](caf::put_atom) { asio::post(io, pass); },
    [](caf::get_atom) { return caf::ok_atom_v; },
    [=](caf::close_atom) { self->quit(); },
  };
}

caf::behavior lender(caf::event_based_actor* self, lent_executor* executor) {
  *executor = bulkhead::io(self);
  return {[=](caf::close_atom) { self->quit(); }};
}

std::atomic<size_t> armed_conversations = 0;

struct conversation_state {
  std::array<char, 1> letter;
  std::optional<local_protocol::socket> socket;
};

void serve(caf::stateful_actor<conversation_state>* self) {
  self->state.socket->async_read_some(asio::buffer(self->state.letter), [=](error_code failed, size_t) {
    if (failed)
      return self->quit();
    asio::async_write(*self->state.socket, asio::buffer(self->state.letter), [=](error_code, size_t) { serve(self); });
  });
}

// Gives each letter back that comes from the socket; ends when the other side does.
caf::behavior conversation(caf::stateful_actor<conversation_state>* self, int descriptor) {
  self->state.socket.emplace(bulkhead::io(self), local_protocol{}, descriptor);
  serve(self);
  ++armed_conversations;
  return {[](caf::ok_atom) {}}; // an actor without a behavior would end here
}

size_t threads() {
  using iterator = std::filesystem::directory_iterator;
  return static_cast<size_t>(std::distance(iterator{"/proc/self/task"}, iterator{}));
}

// How often the threads of this process, but for the calling one, have gone to sleep so far.
uint64_t sleeps() {
  uint64_t result = 0;
  for (auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    if (task.path().filename() == std::to_string(::gettid()))
      continue;
    std::ifstream in{task.path() / "status"};
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("voluntary_ctxt_switches:"))
        result += std::stoull(line.substr(line.find(':') + 1));
  }
  return result;
}

// As many connections as the limit on descriptors allows, up to 10,000. Each takes two.
size_t connections() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<size_t>(10'000, (limit.rlim_cur - 200) / 2);
}

} // namespace

TEST_CASE("completion handlers run one at a time, and never while their actor handles a message") {
  auto entry = std::make_shared<turnstile>();
  host_fixture f{4};
  caf::scoped_actor self{f.sys};
  lent_executor lent;
  auto actor = f.sys.spawn(busy, entry, &lent, caf::actor{self});
  REQUIRE(ask<caf::ok_atom>(self, actor, caf::get_atom_v)); // now it has lent its executor
  for (size_t i = 0; i < rounds; ++i) {
    self->send(actor, caf::tick_atom_v);
    self->send(actor, caf::put_atom_v);
    asio::post(*lent, [&] { entry->pass(); });
  }
  REQUIRE(next<caf::ok_atom>(self));
  self->send(actor, caf::close_atom_v);
  self->wait_for(actor);
  CHECK(entry->overlaps == 0);
  CHECK(entry->passed == 4 * rounds);
}

TEST_CASE("what is given to the executor of an actor that has ended is destroyed without being run") {
  host_fixture f;
  lent_executor executor;
  auto actor = f.sys.spawn(lender, &executor);
  caf::scoped_actor self{f.sys};
  self->send(actor, caf::close_atom_v);
  self->wait_for(actor);
  auto token = std::make_shared<int>(0);
  std::atomic<bool> ran = false;
  asio::post(*executor, [&ran, token] { ran = true; });
  CHECK(eventually([&] { return token.use_count() == 1; }));
  CHECK_FALSE(ran);
}

TEST_CASE("without the module there is no executor") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  std::string complaint;
  auto actor = sys.spawn([&](caf::event_based_actor* self) {
    try {
      (void) bulkhead::io(self);
    } catch (const std::logic_error& failed) {
      complaint = failed.what();
    }
  });
  caf::scoped_actor {
    sys
    } -> wait_for(actor);
  CHECK(complaint.find("load") != std::string::npos);
}

TEST_CASE("thousands of idle connections cost no thread and no wake-ups") {
  auto count = connections();
  if (count < 10'000)
    WARN("the limit on open files allows " << count << " connections only");
  host_fixture f;
  auto threads_before = threads();
  armed_conversations = 0;
  asio::io_context io;
  std::vector<local_protocol::socket> ends;
  for (size_t i = 0; i < count; ++i) {
    auto& near = ends.emplace_back(io);
    local_protocol::socket far{io};
    asio::local::connect_pair(near, far);
    f.sys.spawn(conversation, far.release());
  }
  REQUIRE(eventually([&] { return armed_conversations == count; }));
  CHECK(threads() <= threads_before); // at its start, the system may still have had a thread more

  // A connection that is looked at again and again would show up here within each of these periods.
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock guard{mutex};
  CHECK(eventually([&] {
    auto before = sleeps();
    never.wait_for(guard, 100ms);
    return sleeps() - before < 10;
  }));

  std::string letters(count, ' ');
  for (size_t i = 0; i < count; i += 97) {
    asio::write(ends[i], asio::buffer("x", 1));
    asio::async_read(ends[i], asio::buffer(&letters[i], 1), [](error_code, size_t) {});
  }
  io.run_for(patience);
  CHECK(static_cast<size_t>(std::count(letters.begin(), letters.end(), 'x')) == (count + 96) / 97);
  ends.clear();
  CHECK(eventually([&] { return f.sys.registry().running() == 0; }));
}
