// Payloads and descriptors in messages, in every direction.

#include <catch2/catch.hpp>

#include "conformance/actors.hpp"

#include <bulkhead/bulkhead.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace conformance;
using namespace test_support;
using namespace bulkhead::literals;
using bulkhead::array;
using bulkhead::bytes;

namespace {

struct treasurer_state {
  std::vector<bytes> kept;
  std::vector<bulkhead::fd> files;
};

// Filled with one octet, in memory that the receiver will read.
template <class Handle>
bytes built_for(const Handle& receiver, size_t size, int octet) {
  auto room = bulkhead::allocate(receiver, size);
  if (!room)
    return {};
  std::fill(room->room().begin(), room->room().end(), static_cast<std::byte>(octet));
  return std::move(*room).finish();
}

bool is_filled(const bytes& what, size_t size, int octet) {
  auto same = [=](std::byte x) { return x == static_cast<std::byte>(octet); };
  return what.size() == size && std::all_of(what.span().begin(), what.span().end(), same);
}

caf::behavior treasurer(caf::stateful_actor<treasurer_state>* self) {
  return {
    [](const bytes& x) { return x; },
    [](const bytes& x, int32_t between, const bytes& y) { return caf::make_message(y, between, x); },
    [](const array<float>& x) { return array<double>::copy_of(std::vector<double>(x.begin(), x.end())); },
    [self](caf::put_atom, const bytes& x) { self->state.kept.push_back(x); },
    [self](caf::get_atom, int32_t index) { return self->state.kept.at(static_cast<size_t>(index)); },
    [self](caf::get_atom) -> caf::result<bytes, bytes> {
      return {built_for(self->current_sender(), 10'000, 1), built_for(self->current_sender(), 20'000, 2)};
    },
    [self](caf::reset_atom) { self->state = {}; },
    [self](caf::forward_atom, const caf::actor& to, const bytes& x) { return self->delegate(to, x); },
    [self](caf::sys_atom) { return static_cast<int32_t>(bulkhead::payloads_of(self->system()).lent); },
    [](const bulkhead::fd& file, const std::string& text) {
      return ::write(file.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    },
    [self](caf::put_atom, const bulkhead::fd& x) { self->state.files.push_back(x); },
    [](caf::open_atom, const std::string& path) -> caf::result<bulkhead::fd> {
      return bulkhead::fd::adopt(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    },
  };
}

caf::behavior heir(caf::event_based_actor*, const bytes& inheritance, const bulkhead::fd& file) {
  return {[=](caf::get_atom) { return caf::make_message(inheritance, file.number() >= 0); }};
}

const known_actor treasurer_known{bulkhead::heavy<"treasurer", treasurer>::add_to};
const known_actor heir_known{bulkhead::heavy<"heir", heir>::add_to};

bool all_returned(stage& s) {
  return eventually([&] { return bulkhead::payloads_of(s.sys).lent == 0; });
}

std::array<bulkhead::fd, 2> new_pipe() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  return {bulkhead::fd::adopt(ends[0]), bulkhead::fd::adopt(ends[1])};
}

} // namespace

TEST_CASE("payloads of every size come back, built in place or not") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("treasurer");
  for (size_t size : {0, 1, 63, 64, 4095, 4096, 4097, 100'000, 4 << 20, 5'000'001, 64 << 20}) {
    CAPTURE(size);
    auto back = ask<bytes>(s.self, to, built_for(to, size, 7));
    REQUIRE(back);
    CHECK(is_filled(*back, size, 7));
    back = ask<bytes>(s.self, to, bytes{caf::byte_buffer(size, caf::byte{9})});
    REQUIRE(back);
    CHECK(is_filled(*back, size, 9));
  }
  CHECK(all_returned(s));
}

TEST_CASE("several payloads travel in one message with other fields, slices too") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("treasurer");
  auto large = built_for(to, 100'000, 1);
  auto part = large.slice(50'000, 20'000);
  auto right = false;
  s.self->request(to, patience, part, int32_t{42}, large)
    .receive([&](const bytes& x, int32_t between, const bytes& y) { right = x == large && between == 42 && y == part; },
             [](const caf::error& failed) { FAIL(to_string(failed)); });
  CHECK(right);
  s.self->request(to, patience, caf::get_atom_v)
    .receive([&](const bytes& x, const bytes& y) { right = is_filled(x, 10'000, 1) && is_filled(y, 20'000, 2); },
             [](const caf::error& failed) { FAIL(to_string(failed)); });
  CHECK(right);
}

TEST_CASE("a payload is kept for long, sent again, and returned when its keeper lets go") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto keeper = s.spawn_together("treasurer");
  for (int32_t i = 0; i < 20; ++i)
    REQUIRE(ask<void>(s.self, keeper, caf::put_atom_v, built_for(keeper, 10'000, i)));
  if (where == place::in_worker)
    CHECK(bulkhead::payloads_of(s.sys).lent == 20);
  std::vector<bytes> received;
  for (int32_t i = 0; i < 20; ++i) {
    auto back = ask<bytes>(s.self, keeper, caf::get_atom_v, i);
    REQUIRE(back);
    CHECK(is_filled(*back, 10'000, i));
    received.push_back(std::move(*back));
  }
  REQUIRE(ask<void>(s.self, keeper, caf::reset_atom_v));
  CHECK(all_returned(s));
  CHECK(is_filled(received.back(), 10'000, 19));
  received.clear();
  CHECK(eventually([&] { return ask<int32_t>(s.self, keeper, caf::sys_atom_v) == 0; }));
}

TEST_CASE("a payload is sent on: to the same process, to another worker, and back to the host") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto first = s.spawn_together("treasurer");
  auto beside = s.spawn_together("treasurer");
  auto elsewhere = s.spawn("treasurer");
  auto in_host = s.sys.spawn(treasurer);
  for (auto& to : {beside, elsewhere, in_host, first}) {
    auto back = ask<bytes>(s.self, first, caf::forward_atom_v, to, built_for(first, 50'000, 5));
    REQUIRE(back);
    CHECK(is_filled(*back, 50'000, 5));
    back = ask<bytes>(s.self, elsewhere, caf::forward_atom_v, to, *back);
    REQUIRE(back);
    CHECK(is_filled(*back, 50'000, 5));
  }
  CHECK(all_returned(s));
  CHECK(eventually([&] { return ask<int32_t>(s.self, first, caf::sys_atom_v) == 0; }));
  CHECK(eventually([&] { return ask<int32_t>(s.self, elsewhere, caf::sys_atom_v) == 0; }));
}

TEST_CASE("arrays arrive as values, and broken ones are refused") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("treasurer");
  auto room = bulkhead::allocate_array<float>(to, 100'000);
  REQUIRE(room);
  for (size_t i = 0; i < room->room().size(); ++i)
    room->room()[i] = static_cast<float>(i);
  auto back = ask<array<double>>(s.self, to, std::move(*room).finish());
  REQUIRE(back);
  REQUIRE(back->size() == 100'000);
  CHECK((*back)[99'999] == 99'999.0);
  auto few = bulkhead::allocate_array<float>(to, 3);
  REQUIRE(few);
  few->room()[0] = 1;
  back = ask<array<double>>(s.self, to, std::move(*few).finish(1));
  REQUIRE(back);
  CHECK(back->size() == 1);
}

TEST_CASE("payloads are arguments of a spawn, and so are descriptors") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto born = s.spawn("heir", bytes{caf::byte_buffer(3'000'000, caf::byte{4})}, new_pipe()[0]);
  auto right = false;
  s.self->request(born, patience, caf::get_atom_v)
    .receive([&](const bytes& x, bool open) { right = is_filled(x, 3'000'000, 4) && open; },
             [](const caf::error& failed) { FAIL(to_string(failed)); });
  CHECK(right);
}

TEST_CASE("a payload for which nobody waits any more is returned") {
  stage s{place::in_worker};
  auto to = s.spawn("treasurer");
  for (int i = 0; i < 50; ++i)
    caf::anon_send(to, built_for(to, 10'000, i)); // answered, but nobody asked
  CHECK(all_returned(s));
  auto gone = s.sys.spawn([](caf::event_based_actor* self) -> caf::behavior {
    return {[=](const caf::actor& target) {
      self->request(target, caf::infinite, caf::get_atom_v).then([](const bytes&, const bytes&) {});
      self->quit();
    }};
  });
  s.self->send(gone, to);
  s.self->wait_for(gone);
  CHECK(eventually([&] { return ask<int32_t>(s.self, to, caf::sys_atom_v) == 0; }));
}

TEST_CASE("room for payloads that is used up makes them travel as messages, or fail, as it was told") {
  stage s{place::in_worker};
  s.options.payload_bytes_max = 1_MiB;
  auto fallback = GENERATE(bulkhead::payload_fallback::copy, bulkhead::payload_fallback::fail);
  s.options.when_payloads_full = fallback;
  auto to = s.spawn("treasurer");
  REQUIRE(ask<void>(s.self, to, caf::put_atom_v, built_for(to, 900'000, 1)));
  auto room = bulkhead::allocate(to, 900'000);
  auto back = ask<bytes>(s.self, to, bytes{caf::byte_buffer(900'000, caf::byte{2})});
  if (fallback == bulkhead::payload_fallback::copy) {
    CHECK(room);
    REQUIRE(back);
    CHECK(is_filled(*back, 900'000, 2));
  } else {
    REQUIRE_FALSE(room);
    CHECK(room.error() == bulkhead::errc::payload_room_full);
    REQUIRE_FALSE(back);
    CHECK(back.error() == bulkhead::errc::payload_room_full);
  }
  room = caf::error{};
  REQUIRE(ask<void>(s.self, to, caf::reset_atom_v));
  REQUIRE(all_returned(s));
  CHECK(bulkhead::allocate(to, 900'000));
}

TEST_CASE("memory for payloads goes back to the system some time after a burst") {
  stage s{place::in_worker};
  auto to = s.spawn("treasurer");
  for (int i = 0; i < 4; ++i)
    REQUIRE(ask<bytes>(s.self, to, built_for(to, 8_MiB, i)));
  CHECK(bulkhead::payloads_of(s.sys).reserved_bytes >= 8_MiB);
  CHECK(eventually([&] { return bulkhead::payloads_of(s.sys).reserved_bytes == 0; }));
  CHECK(ask<bytes>(s.self, to, built_for(to, 8_MiB, 3)));
}

TEST_CASE("a descriptor is used by its receiver, and closed everywhere when all let go") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("treasurer");
  auto [reading, writing] = new_pipe();
  CHECK(ask<bool>(s.self, to, writing, std::string{"over there"}) == true);
  std::array<char, 32> got{};
  CHECK(::read(reading.number(), got.data(), got.size()) == 10);
  CHECK(std::string{got.data()} == "over there");
  REQUIRE(ask<void>(s.self, to, caf::put_atom_v, writing));
  writing = {};
  CHECK(::read(reading.number(), got.data(), got.size()) == -1); // its keeper has it still
  REQUIRE(ask<void>(s.self, to, caf::reset_atom_v));
  CHECK(eventually([&got, &end = reading] { return ::read(end.number(), got.data(), got.size()) == 0; }));
}

TEST_CASE("a descriptor comes back in an answer, and a missing one is none") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("treasurer");
  auto file = ask<bulkhead::fd>(s.self, to, caf::open_atom_v, std::string{"/proc/self/exe"});
  REQUIRE(file);
  char magic[4] = {};
  REQUIRE(::read(file->number(), magic, 4) == 4);
  CHECK(std::string(magic + 1, 3) == "ELF");
  file = ask<bulkhead::fd>(s.self, to, caf::open_atom_v, std::string{"/does/not/exist"});
  REQUIRE(file);
  CHECK_FALSE(*file);
}

TEST_CASE("hundreds of descriptors in a row arrive, each for its own message") {
  stage s{place::in_worker};
  auto to = s.spawn("treasurer");
  for (int i = 0; i < 300; ++i) {
    auto [reading, writing] = new_pipe();
    REQUIRE(ask<bool>(s.self, to, writing, std::to_string(i)) == true);
    std::array<char, 8> got{};
    REQUIRE(::read(reading.number(), got.data(), got.size()) > 0);
    CHECK(std::string{got.data()} == std::to_string(i));
  }
  CHECK(all_returned(s));
}
