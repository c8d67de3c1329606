// Messages of any size.

#include "conformance/actors.hpp"

#include <bulkhead/options.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <memory>

using namespace conformance;
using namespace test_support;
using namespace bulkhead::literals;

namespace {

bulkhead::bytes pattern(size_t size) {
  caf::byte_buffer content(size);
  uint64_t x = 88172645463325252u + size;
  for (auto& octet : content) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    octet = static_cast<caf::byte>(x >> 56);
  }
  return bulkhead::bytes{std::move(content)};
}

uint64_t available_bytes() {
  std::ifstream in{"/proc/meminfo"};
  std::string word;
  uint64_t kib = 0;
  while (in >> word)
    if (word == "MemAvailable:" && in >> kib)
      return kib << 10;
  return 0;
}

// Remembers the sizes of what comes, in this order; small messages count with their number.
caf::behavior log_of_sizes(caf::event_based_actor* self) {
  auto seen = std::make_shared<std::vector<int32_t>>();
  return {
    [=](caf::wait_for_atom, const std::string& path) {
      if (!gate::wait_for(path))
        self->quit(caf::sec::runtime_error);
    },
    [=](const bulkhead::bytes& block) { seen->push_back(static_cast<int32_t>(block.size() >> 20)); },
    [=](int32_t number) { seen->push_back(number); },
    [=](caf::get_atom) { return *seen; },
  };
}

caf::behavior measurer(caf::event_based_actor*) {
  return {
    [](const bulkhead::bytes& block) {
      return std::to_string(block.size()) + ":" + std::to_string(static_cast<int>(block.span().front())) + ":"
             + std::to_string(static_cast<int>(block.span().back()));
    },
  };
}

// Sends numbers back in the order that they did not come in.
caf::behavior reverser(caf::event_based_actor*) {
  return {
    [](std::vector<float>& x) {
      std::reverse(x.begin(), x.end());
      return x;
    },
    [](caf::byte_buffer& x) {
      std::reverse(x.begin(), x.end());
      return x;
    },
    [](const std::vector<double>& x, recording& y) {
      std::reverse(y.samples.begin(), y.samples.end());
      return caf::make_message(y, x);
    },
  };
}

const known_actor log_known{bulkhead::heavy<"log_of_sizes", log_of_sizes>::add_to};
const known_actor measurer_known{bulkhead::heavy<"measurer", measurer>::add_to};
const known_actor reverser_known{bulkhead::heavy<"reverser", reverser>::add_to};

} // namespace

TEST_CASE("messages of every size around the limits of a mailbox come back whole") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  s.options.mailbox_bytes = 64_KiB;
  s.options.payload_bytes_max = GENERATE(uint64_t{0}, 1_GiB);
  auto to = s.spawn("echo");
  std::vector<size_t> sizes{0, 1, 7, 8, 9, 100, 1000};
  // A record is limited to a fraction of the mailbox: whichever it is, one of these stands just below and above it.
  for (size_t limit = 4_KiB; limit <= 256_KiB; limit *= 2)
    for (size_t less = 0; less <= 96; less += limit == 64_KiB || limit == 32_KiB || limit == 16_KiB ? 1 : 32)
      sizes.push_back(limit - less);
  for (auto size : sizes) {
    auto block = pattern(size);
    auto back = ask<bulkhead::bytes>(s.self, to, block);
    if (!back || !(*back == block))
      FAIL("size " << size << ": " << (back ? "damaged" : to_string(back.error())));
  }
}

TEST_CASE("64 MiB come back whole") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  s.options.backlog = s.options.actor_backlog = {1_GiB, 1 << 24};
  s.options.payload_bytes_max = GENERATE(uint64_t{0}, 1_GiB);
  auto block = pattern(64_MiB);
  auto back = ask<bulkhead::bytes>(s.self, s.spawn("echo"), block);
  REQUIRE(back);
  CHECK((*back == block));
}

TEST_CASE("a string of a million letters comes back whole") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  std::string text(3'000'000, 'a');
  text.back() = 'z';
  auto back = ask<std::string>(s.self, s.spawn("echo"), text);
  REQUIRE(back);
  CHECK((*back == text));
}

TEST_CASE("vectors of numbers come back whole alone and inside a struct") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto to = s.spawn("reverser");
  for (size_t count : {0, 1, 1000, 100'003, 2'000'000}) {
    CAPTURE(count);
    std::vector<float> floats(count);
    for (size_t i = 0; i < count; ++i)
      floats[i] = static_cast<float>(i) / 3;
    std::vector<float> reversed(floats.rbegin(), floats.rend());
    auto back = ask<std::vector<float>>(s.self, to, floats);
    REQUIRE(back);
    CHECK((*back == reversed));
    caf::byte_buffer octets(count);
    for (size_t i = 0; i < count; ++i)
      octets[i] = static_cast<caf::byte>(i * 7);
    auto octets_back = ask<caf::byte_buffer>(s.self, to, octets);
    REQUIRE(octets_back);
    CHECK(std::equal(octets_back->begin(), octets_back->end(), octets.rbegin(), octets.rend()));
    recording tape{"tape", floats, std::vector<uint16_t>(count, 0x1234), std::vector<std::byte>(count, std::byte{9})};
    std::vector<double> doubles(count, -2.5);
    auto right = false;
    s.self->request(to, patience, doubles, tape)
      .receive(
        [&](const recording& x, const std::vector<double>& y) {
          tape.samples = reversed;
          right = x == tape && y == doubles;
        },
        [](const caf::error& failed) { FAIL(to_string(failed)); });
    CHECK(right);
  }
}

TEST_CASE("small messages keep their place between large ones of the same sender") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  s.options.backlog = s.options.actor_backlog = {1_GiB, 1 << 24};
  s.options.payload_bytes_max = 0;
  auto to = s.spawn("log_of_sizes");
  std::vector<int32_t> sent;
  for (int32_t i = 0; i < 6; ++i) {
    auto mib = i % 3 == 1 ? 20 : 2;
    s.self->send(to, 1000 + i);
    s.self->send(to, pattern(static_cast<size_t>(mib) << 20));
    s.self->send(to, 2000 + i);
    sent.insert(sent.end(), {1000 + i, mib, 2000 + i});
  }
  CHECK(ask<std::vector<int32_t>>(s.self, to, caf::get_atom_v) == sent);
}

TEST_CASE("a large message does not hold up a small one of another sender") {
  stage s{place::in_worker};
  s.options.mailbox_bytes = 64_KiB;
  s.options.backlog = s.options.actor_backlog = {1_GiB, 1 << 24};
  s.options.payload_bytes_max = 0;
  auto to = s.spawn("log_of_sizes");
  gate door;
  // Both are sent while the worker stands at the gate, so what comes first does not depend on the machine's load.
  s.self->send(to, caf::wait_for_atom_v, door.path());
  s.self->send(to, pattern(64_MiB));
  caf::scoped_actor other{s.sys};
  other->send(to, int32_t{1000});
  door.open();
  CHECK(eventually([&] { return ask<std::vector<int32_t>>(other, to, caf::get_atom_v)->size() == 2; }));
  CHECK(ask<std::vector<int32_t>>(other, to, caf::get_atom_v) == std::vector<int32_t>{1000, 64});
}

TEST_CASE("many large messages of many senders arrive whole") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  s.options.mailbox_bytes = 256_KiB;
  s.options.backlog = s.options.actor_backlog = {1_GiB, 1 << 24};
  s.options.payload_bytes_max = 0;
  auto to = s.spawn("echo");
  constexpr size_t senders = 8;
  auto right = std::make_shared<std::atomic<int>>(0);
  for (size_t i = 0; i < senders; ++i)
    s.sys.spawn([=](caf::event_based_actor* self) {
      for (size_t j = 0; j < 4; ++j) {
        auto block = pattern((i + 1) * (j % 2 == 0 ? 300'000 : 30));
        self->request(to, patience, block).then([=](const bulkhead::bytes& back) { *right += back == block ? 1 : 0; });
      }
    });
  CHECK(eventually([&] { return *right == 4 * senders; }));
}

TEST_CASE("a gibibyte arrives whole") {
  constexpr uint64_t needed = uint64_t{8} << 30;
  if (sanitized || available_bytes() < needed) {
    WARN("left out: sanitized, or less than 8 GiB of memory available");
    return;
  }
  stage s{place::in_worker};
  s.options.backlog = s.options.actor_backlog = {2_GiB, 1 << 24};
  caf::byte_buffer content(1_GiB);
  content.front() = static_cast<caf::byte>(3);
  content.back() = static_cast<caf::byte>(9);
  auto to = s.spawn("measurer");
  // It is copied several times, and each copy needs new pages: on a slow machine that takes longer than `patience`.
  std::string answer;
  s.self->request(to, caf::infinite, bulkhead::bytes{std::move(content)})
    .receive([&](std::string& got) { answer = std::move(got); }, [&](caf::error& why) { answer = to_string(why); });
  CHECK(answer == "1073741824:3:9");
}
