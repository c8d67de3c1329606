// Workers that are killed every 20 ms under the load of a hundred actors. Catches whatever is lost, answered twice, overtaken or left
// behind when deaths, restarts, spares and copies meet. BULKHEAD_TORTURE_SECONDS says for how long.
#include "pool_actors.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <random>
#include <set>

#include <signal.h>

using namespace crash;
using namespace bulkhead;
using namespace std::chrono_literals;
using test_support::ask;
using test_support::children;
using test_support::eventually;

namespace {

constexpr int32_t senders_in_torture = 100;
constexpr int32_t asked_at_once = 4;
constexpr size_t payload_bytes = 16 << 10;

std::chrono::seconds torture_time() {
  auto wanted = std::getenv("BULKHEAD_TORTURE_SECONDS");
  if (wanted != nullptr)
    return std::chrono::seconds{std::atoi(wanted)};
  return test_support::sanitized ? 10s : 60s;
}

/// What was asked and answered, of all senders.
struct torture_ledger {
  std::atomic<bool> stop = false;
  std::atomic<int64_t> asked = 0;
  std::atomic<int64_t> failed = 0;
  /// Answers with a value, for each sender.
  std::vector<std::vector<int32_t>> answered = std::vector<std::vector<int32_t>>(senders_in_torture);
  std::atomic<int64_t> payloads = 0;
  std::mutex mutex;
  std::set<std::string> complaints;

  void complain(std::string text) {
    std::lock_guard guard{mutex};
    complaints.insert(std::move(text));
  }

  void fail(const caf::error& why) {
    auto death = death_of(why);
    if (!death || why != errc::worker_lost || !death->in_doubt)
      complain("an error for what was not in doubt: " + to_string(why));
    ++failed;
  }

  [[nodiscard]] int64_t all_answers() const {
    int64_t result = failed + payloads;
    for (auto& x : answered)
      result += static_cast<int64_t>(x.size());
    return result;
  }
};

/// Numbers its requests, and always has some under way.
class torturer {
public:
  torturer(caf::event_based_actor* self, caf::actor target, int32_t id, bool lends,
           std::shared_ptr<torture_ledger> books)
    : self_(self), target_(std::move(target)), id_(id), lends_(lends), books_(std::move(books)) {
    // nop
  }

  void ask() {
    if (books_->stop) {
      target_ = nullptr;
      return;
    }
    ++books_->asked;
    auto number = next_++;
    auto fail = [this](const caf::error& why) {
      books_->fail(why);
      ask();
    };
    if (lends_ && number % 8 == 7) {
      self_->request(target_, caf::infinite, bytes{caf::byte_buffer(payload_bytes, caf::byte{1})})
        .then(
          [this](int32_t size) {
            if (size != static_cast<int32_t>(payload_bytes))
              books_->complain("a payload arrived short");
            ++books_->payloads;
            ask();
          },
          fail);
      return;
    }
    self_->request(target_, caf::infinite, caf::put_atom_v, id_, number)
      .then(
        [this, number](int32_t) {
          auto& mine = books_->answered[static_cast<size_t>(id_)];
          if (!mine.empty() && mine.back() >= number)
            books_->complain("an answer came twice, or overtook another one");
          mine.push_back(number);
          ask();
        },
        fail);
  }

private:
  caf::event_based_actor* self_;
  caf::actor target_;
  const int32_t id_;
  const bool lends_;
  std::shared_ptr<torture_ledger> books_;
  int32_t next_ = 0;
};

void spawn_torturer(caf::actor_system& sys, const caf::actor& target, int32_t id, bool lends,
                    const std::shared_ptr<torture_ledger>& books) {
  sys.spawn([=](caf::event_based_actor* self) {
    auto state = std::make_shared<torturer>(self, target, id, lends, books);
    for (int32_t i = 0; i < asked_at_once; ++i)
      state->ask();
    self->attach_functor([state] {});
  });
}

pool_options tortured_pool() {
  auto result = hands(2, 3);
  result.how = dispatch::by_sender;
  result.prefetch_max = 8;
  result.restart.poison_after = 100;
  result.worker.fork_server = true; // which is killed as well
  return result;
}

} // namespace

TEST_CASE("torture: workers are killed every 20 ms, each request of a hundred actors is answered once and in order, "
          "nothing is left") {
  leftovers before;
  auto books = std::make_shared<torture_ledger>();
  {
    hand_pool x{tortured_pool()};
    auto options = supervised();
    options.spares = 1;
    auto clerk = spawn_clerk(x.here, options, x.book);
    for (int32_t id = 0; id < senders_in_torture; ++id)
      spawn_torturer(x.here.sys, id % 2 == 0 ? x.pool : clerk, id, id % 2 == 1, books);
    std::minstd_rand random{std::random_device{}()};
    auto end = std::chrono::steady_clock::now() + torture_time();
    int kills = 0;
    while (std::chrono::steady_clock::now() < end) {
      if (auto pids = children(); !pids.empty()) {
        ::kill(pids[random() % pids.size()], SIGKILL);
        ++kills;
      }
      x.self->receive([](caf::ok_atom) {}, caf::after(20ms) >> [] {});
    }
    books->stop = true;
    CHECK(eventually([&] { return books->all_answers() == books->asked; }));
    CHECK(ask<int32_t>(x.self, clerk, caf::put_atom_v, senders_in_torture, int32_t{0}));
    CHECK(x.pid() > 0);
    CHECK(books->complaints == std::set<std::string>{});
    CHECK(books->failed <= kills);
    auto entries = x.book.entries();
    for (int32_t id = 0; id < senders_in_torture; ++id) {
      auto& written = entries[id];
      auto& answered = books->answered[static_cast<size_t>(id)];
      // Each once and in order; what was answered was handled.
      CHECK(std::adjacent_find(written.begin(), written.end(), std::greater_equal<>{}) == written.end());
      CHECK(std::includes(written.begin(), written.end(), answered.begin(), answered.end()));
    }
    CHECK(eventually([&] { return payloads_of(x.here.sys).lent == 0; }));
    CHECK(kills > 10);
    WARN(kills << " kills, " << books->asked << " requests, " << books->failed << " in doubt");
  }
  before.check();
}
