// All kinds of traffic while processes are killed, stopped, replaced and upgraded. Catches what is lost, answered twice or wrongly, overtaken,
// or left behind: a message, memory, a descriptor, a thread, a process. The environment says for how long (BULKHEAD_SOAK_SECONDS), where the
// curve goes (BULKHEAD_SOAK_CURVE), and with which random numbers (BULKHEAD_SOAK_SEED).
#include "chaos.hpp"
#include "curve.hpp"
#include "rhythm.hpp"
#include "traffic.hpp"
#include "witness.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using test_support::eventually;

namespace {

std::optional<std::string> setting(const char* name) {
  auto result = std::getenv(name);
  return result == nullptr ? std::nullopt : std::optional<std::string>{result};
}

struct witness_file {
  witness_file() {
    soak::witness::set_up();
  }
  ~witness_file() {
    soak::witness::remove();
  }
};

/// The actor that counts what the host says of messages that were lost.
caf::behavior listener(caf::event_based_actor* self, std::shared_ptr<std::atomic<uint64_t>> lost) {
  self->set_default_handler(caf::drop);
  return {[lost](const bulkhead::supervision_event& x) {
    if (x.what == bulkhead::supervision_incident::lost)
      ++*lost;
  }};
}

struct soaked {
  explicit soaked(uint32_t seed)
    : books_of_chaos(all.open_books("short-lived workers", {})), trouble(here, targets, books_of_chaos, seed) {
    here.host.log_to([](std::string_view) {});
    here.host.subscribe(ears);
  }

  test_support::host_fixture here;
  std::shared_ptr<std::atomic<uint64_t>> lost = std::make_shared<std::atomic<uint64_t>>(0);
  caf::actor ears = here.sys.spawn(listener, lost);
  soak::services targets{here};
  soak::traffic all{here.sys, targets};
  soak::ledger& books_of_chaos;
  soak::chaos trouble;
  soak::curve curve;

  void sample(bool quiet) {
    curve.add(all.sent(), trouble.kills(), quiet);
  }

  void go_on_for(std::chrono::milliseconds how_long) {
    all.go_on();
    trouble.go_on();
    for (auto end = steady_clock::now() + how_long; steady_clock::now() < end;) {
      soak::pause(500ms);
      sample(false);
    }
  }

  /// Whether all that was sent was settled, and all services are there again.
  bool comes_to_rest(size_t workers) {
    auto not_ended = trouble.hold();
    all.hold();
    auto settled = all.settles();
    auto complete = eventually([&] { return here.host.live_workers() == workers && here.host.ready_spares() == 1; });
    CHECK(not_ended == "");
    CHECK(settled);
    CHECK(complete);
    soak::pause(1500ms); // payload memory that is not used goes back after a second
    sample(true);
    return not_ended.empty() && settled && complete;
  }
};

} // namespace

TEST_CASE("soak: mixed traffic is settled and stays in order, and the host stays level, while processes die, stand "
          "still and are "
          "replaced") {
  std::chrono::seconds length{std::stoul(setting("BULKHEAD_SOAK_SECONDS").value_or("10"))};
  auto seed =
    static_cast<uint32_t>(std::stoul(setting("BULKHEAD_SOAK_SEED").value_or(std::to_string(std::random_device{}()))));
  auto rounds = std::clamp<int64_t>(length / 10s, 2, 120);
  INFO("seed: " << seed);
  witness_file seen;
  auto before = test_support::held_now();
  std::ostringstream report;
  report << "seed " << seed << '\n';
  {
    soaked x{seed};
    size_t workers = 0;
    REQUIRE(eventually([&] {
      workers = x.here.host.live_workers();
      return x.here.host.ready_spares() == 1 && x.targets.tasks.status().workers_ready == 2;
    }));
    for (int64_t i = 0; i < rounds; ++i) {
      x.go_on_for(length / rounds);
      if (!x.comes_to_rest(workers))
        break;
    }
    uint64_t missing = 0;
    soak::ledger::print_head(report);
    for (auto& books : x.all.books()) {
      books.print(report);
      missing += books.missing();
      CHECK(books.sent() > 0);
      CHECK(books.untrue() == 0);
    }
    x.trouble.print(report);
    report << missing << " messages without an answer were not handled, " << *x.lost << " were reported as lost and "
           << x.here.host.dropped_messages() << " as dropped; " << soak::witness::here().overtaken()
           << " were overtaken\n";
    x.curve.print(report);
    for (auto& books : x.all.books())
      books.print_complaints(report);
    CHECK(missing <= x.here.host.dropped_messages());
    CHECK(soak::witness::here().overtaken() == 0);
    CHECK(x.trouble.kills() > 0);
    CHECK(x.curve.level());
    if (auto path = setting("BULKHEAD_SOAK_CURVE")) {
      std::ofstream out{*path};
      x.curve.write(out);
      CHECK(out.flush());
    }
  }
  CHECK(test_support::count_children() == 0);
  auto after = test_support::held_now();
  report << "before the host was there: " << before << "; after: " << after << '\n';
  CHECK(after.descriptors <= before.descriptors);
  CHECK(after.threads <= before.threads);
  std::cout << report.str() << std::flush;
}
