// Catches a ready-made actor that does not do what its header says, in this process or in another one.
#include "support/fixture.hpp"

#include <actors/heavy/echo.hpp>
#include <actors/heavy/sum_of_squares.hpp>
#include <actors/light/ticker.hpp>

#include <bulkhead/bytes.hpp>

#include <caf/sec.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <string_view>

#include <unistd.h>

using namespace test_support;

namespace {

const known_actor ready_made_known[] = {
  known_actor{bulkhead::heavy<"ready_made.echo", actors::echo>::add_to},
  known_actor{bulkhead::heavy<"ready_made.sum_of_squares", actors::sum_of_squares>::add_to},
};

void fail(const caf::error& reason) {
  FAIL(to_string(reason));
}

} // namespace

TEST_CASE("the ready-made echo answers from its process with what it gets") {
  host_fixture f;
  auto echo = f.host.spawn("ready_made.echo");
  REQUIRE(echo);
  caf::scoped_actor self{f.sys};
  self->request(*echo, patience, std::string{"hello"}).receive([](const std::string& x) { CHECK(x == "hello"); }, fail);
  self->request(*echo, patience, int64_t{7}).receive([](int64_t x) { CHECK(x == 7); }, fail);
  auto block = bulkhead::bytes::copy_of(std::string_view{"block"});
  self->request(*echo, patience, block)
    .receive([&](const bulkhead::bytes& x) { CHECK(x.view() == block.view()); }, fail);
}

TEST_CASE("the ready-made sum of squares is right, comes from its process, and refuses what it cannot compute") {
  host_fixture f;
  auto adder = f.host.spawn("ready_made.sum_of_squares");
  REQUIRE(adder);
  caf::scoped_actor self{f.sys};
  self->request(*adder, patience, int64_t{5})
    .receive(
      [](int64_t sum, int32_t pid) {
        CHECK(sum == 0 + 1 + 4 + 9 + 16);
        CHECK(pid != ::getpid());
      },
      fail);
  for (auto wrong : {int64_t{-1}, (int64_t{1} << 31) + 1})
    self->request(*adder, patience, wrong)
      .receive([](int64_t, int32_t) { FAIL("it has computed something"); },
               [](const caf::error& reason) { CHECK(reason == caf::sec::invalid_argument); });
}

TEST_CASE("the ready-made ticker counts until it is told to end") {
  host_fixture f;
  auto ticker = f.sys.spawn(actors::ticker, caf::timespan{std::chrono::milliseconds{1}});
  caf::scoped_actor self{f.sys};
  CHECK(eventually([&] {
    int64_t ticks = 0;
    self->request(ticker, patience, caf::get_atom_v).receive([&](int64_t x) { ticks = x; }, fail);
    return ticks > 2;
  }));
  self->send_exit(ticker, caf::exit_reason::user_shutdown);
  self->wait_for(ticker);
}
