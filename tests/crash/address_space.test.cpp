// Payloads in processes with little address space or memory. Catches a mapping that is used although it failed, an allocation
// that throws where nobody catches, and a limit on private memory that shared memory counts against.

#include <catch2/catch.hpp>

#include "crash/child_host.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <string>
#include <vector>

using namespace crash;
using namespace bulkhead::literals;
namespace platform = bulkhead::platform;
using bulkhead::bytes;
using test_support::eventually;
using test_support::host_fixture;

#ifndef __SANITIZE_ADDRESS__ // which reserves more address space than any limit would allow, and ends the process itself

namespace {

struct cramped_host {
  platform::exit_status status;
  std::vector<std::string> lines;
};

// Runs a host with little address space to its end.
cramped_host run_cramped_host(const std::vector<std::string>& more_environment) {
  auto child = start_child_host("cramped", more_environment);
  auto text = read_output(child);
  auto status = child.process.reap_within(test_support::patience);
  REQUIRE(status);
  cramped_host result{*status, {}};
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);)
    result.lines.push_back(line);
  return result;
}

bytes built_for(const caf::actor& receiver, size_t size) {
  auto room = bulkhead::allocate(receiver, size);
  REQUIRE(room);
  std::fill(room->room().begin(), room->room().end(), std::byte{7});
  return std::move(*room).finish();
}

} // namespace

TEST_CASE("a host without address space gets errors or copies for its payloads, and goes on") {
  std::vector<std::string> environment;
  SECTION("it copies what it cannot lend") {
    // the default
  }
  SECTION("it would rather fail") {
    environment.emplace_back("CRAMPED_FAILS=1");
  }
  auto host = run_cramped_host(environment);
  CAPTURE(host.lines);
  CHECK((host.status == platform::exit_status{}));
  constexpr size_t results = 7 * 3;
  REQUIRE(host.lines.size() == results + 2);
  for (size_t i = 0; i < results; ++i) {
    auto& line = host.lines[i];
    CHECK((line == "ok" || line.starts_with("error ")));
    if (i < 3)
      CHECK(line == "ok"); // a mebibyte
    if (i >= results - 3)
      CHECK(line.starts_with("error ")); // two hundred
  }
  CHECK(host.lines[results] == "ok"); // a small message
  CHECK(host.lines.back() == "end");
}

TEST_CASE("a worker without address space fails the payloads that it cannot map, and serves all others") {
  host_fixture f;
  auto victim = f.host.spawn("victim");
  REQUIRE(victim);
  auto small = built_for(*victim, 100'000);
  REQUIRE(request_number(f.sys, *victim, caf::make_message(small)) == 100'000);
  REQUIRE(request<bool>(f.sys, *victim, caf::make_message(caf::put_atom_v, uint64_t{32_MiB})));
  auto failed = request_number(f.sys, *victim, caf::make_message(built_for(*victim, 64_MiB)));
  REQUIRE_FALSE(failed);
  CHECK(failed.error() == bulkhead::errc::resources_exhausted);
  CHECK(request_number(f.sys, *victim, caf::make_message(small)) == 100'000);
  CHECK(answers(f.sys, *victim));
  // What it builds itself.
  auto built = request<bytes>(f.sys, *victim, caf::make_message(caf::get_atom_v, uint64_t{64_MiB}));
  REQUIRE_FALSE(built);
  CHECK(built.error() == bulkhead::errc::payload_room_full);
  CHECK(answers(f.sys, *victim));
  CHECK(eventually([&] { return bulkhead::payloads_of(f.sys).lent == 0; }));
}

TEST_CASE("payloads do not count against a worker's memory, and their copies do") {
  host_fixture f;
  bulkhead::worker_options options;
  options.memory_bytes_max = 64_MiB;
  auto victim = f.host.spawn("victim", options);
  REQUIRE(victim);
  auto size = static_cast<int32_t>(200_MiB);
  CHECK(request_number(f.sys, *victim, caf::make_message(built_for(*victim, 200_MiB))) == size);
  auto back = request<bytes>(f.sys, *victim, caf::make_message(caf::get_atom_v, uint64_t{200_MiB}));
  REQUIRE(back);
  CHECK(back->size() == 200_MiB);
  options.payload_bytes_max = 0;
  options.backlog = options.actor_backlog = {1_GiB, 1 << 24};
  auto copier = f.host.spawn("victim", options);
  REQUIRE(copier);
  auto failed = request_number(f.sys, *copier, caf::make_message(bytes{caf::byte_buffer(200_MiB)}));
  REQUIRE_FALSE(failed);
  CHECK(certificate(failed.error()).cause == bulkhead::death_cause::out_of_memory);
  CHECK(answers(f.sys, *victim));
}

#endif
