// Processes that die while they write or read shared state, and those that hand out what is none.

#include <catch2/catch.hpp>

#include "crash/actors.hpp"
#include "support/stage.hpp"

#include <bulkhead/platform/memory_file.hpp>

#include <array>
#include <csignal>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace crash;
using bulkhead::errc;
using bulkhead::shared_array;
using bulkhead::shared_array_writer;
using bulkhead::shared_counter;
using bulkhead::shared_map;
using bulkhead::shared_value;
using bulkhead::shared_value_writer;
using bulkhead::transport::region_writers;
using bulkhead::transport::shared_region;
using test_support::eventually;
using test_support::host_fixture;
using test_support::reading;

namespace {

struct publisher_state {
  shared_value_writer<reading> value;
  shared_array_writer<int32_t> array;
};

template <class T>
T taken(caf::expected<T> from) {
  if (!from)
    throw std::runtime_error{to_string(from.error())};
  return std::move(*from);
}

constexpr size_t array_size = 1000;

caf::behavior publisher(caf::stateful_actor<publisher_state>* self) {
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [](caf::add_atom, int32_t x) { return x + 1; },
    [self](caf::open_atom) -> caf::result<shared_value<reading>, shared_array<int32_t>> {
      self->state.value = taken(shared_value_writer<reading>::make(self->system(), reading::of(1)));
      self->state.array = taken(shared_array_writer<int32_t>::make(self->system(), array_size));
      return {self->state.value.share(), self->state.array.share()};
    },
    // From here on nothing but stores, until it is killed.
    [self](caf::put_atom) {
      for (int32_t i = 2;; ++i) {
        self->state.value.store(reading::of(i));
        self->state.array.update([i](auto& all) {
          for (size_t j = 0; j < all.size(); ++j)
            all.set(j, i);
        });
      }
    },
    // Nothing but reads, until it is killed.
    [](const shared_value<reading>& x, const shared_counter& reads) {
      for (;;) {
        (void) x.load();
        reads.add();
      }
    },
  };
}

bulkhead::fd sealed_memfd(size_t bytes, int seals, bool reserved) {
  bulkhead::platform::unique_fd file{::memfd_create("forged", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  (void) !::ftruncate(file.get(), static_cast<off_t>(bytes));
  if (reserved)
    (void) ::fallocate(file.get(), 0, 0, static_cast<off_t>(bytes));
  (void) ::fcntl(file.get(), F_ADD_SEALS, seals);
  return bulkhead::fd::adopt(std::move(file));
}

constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;

bulkhead::fd forged_file(const std::string& habit) {
  constexpr auto bytes = shared_value<int64_t>::layout.bytes();
  if (habit == "unsealed")
    return sealed_memfd(bytes, 0, true);
  if (habit == "still writable")
    return sealed_memfd(bytes, F_SEAL_SHRINK | F_SEAL_GROW, true);
  if (habit == "can shrink")
    return sealed_memfd(bytes, F_SEAL_GROW | F_SEAL_FUTURE_WRITE, true);
  if (habit == "too small")
    return sealed_memfd(bytes - 4096, all_seals, true);
  if (habit == "too large")
    return sealed_memfd(bytes + 1, all_seals, true);
  if (habit == "has holes")
    return sealed_memfd(bytes, all_seals, false);
  if (habit == "a program")
    return bulkhead::fd::adopt(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  std::array<int, 2> ends{};
  (void) !::pipe2(ends.data(), O_CLOEXEC); // "a pipe"
  auto unused = bulkhead::fd::adopt(ends[1]);
  return bulkhead::fd::adopt(ends[0]);
}

// Hands out what it says.
caf::behavior forger(caf::event_based_actor*) {
  auto filled = [](size_t bytes, region_writers writers, int octet) {
    return shared_region::make(bytes, writers,
                               [octet](auto memory) { std::memset(memory.data(), octet, memory.size()); })
      .value();
  };
  return {
    [](caf::add_atom, int32_t x) { return x + 1; },
    [](caf::open_atom, const std::string& habit) {
      auto region = std::make_shared<const shared_region>(forged_file(habit), bulkhead::platform::mapping{});
      return shared_value<int64_t>{region, {}};
    },
    [filled](caf::put_atom, int32_t octet) {
      return shared_value<int64_t>{filled(shared_value<int64_t>::layout.bytes(), region_writers::maker, octet), {}};
    },
    [filled](caf::put_atom, int32_t octet, size_t count) {
      return shared_array<int32_t>{
        filled(shared_array<int32_t>::bytes_for(count), region_writers::maker, octet), count, {}};
    },
    [](caf::reset_atom, uint64_t said, uint64_t count) {
      auto region = taken(shared_region::make(shared_array<int32_t>::bytes_for(count), region_writers::maker));
      return shared_array<int32_t>{region, said, {}};
    },
  };
}

const test_support::known_actor shared_state_known[] = {
  test_support::known_actor{bulkhead::heavy<"publisher", publisher>::add_to},
  test_support::known_actor{bulkhead::heavy<"forger", forger>::add_to},
};

} // namespace

TEST_CASE("a writer that is killed in the middle of a store or an update leaves what was before, whole") {
  leftovers before;
  {
    host_fixture f;
    caf::scoped_actor self{f.sys};
    for (int round = 0; round < 10; ++round) {
      auto writer = f.host.spawn("publisher");
      REQUIRE(writer);
      auto pid = pid_of(f.sys, *writer);
      shared_value<reading> value;
      shared_array<int32_t> array;
      self->request(*writer, test_support::patience, caf::open_atom_v)
        .receive([&](shared_value<reading>& x, shared_array<int32_t>& y) { std::tie(value, array) = std::tie(x, y); },
                 [](const caf::error& why) { FAIL(to_string(why)); });
      self->send(*writer, caf::put_atom_v);
      REQUIRE(eventually([&] { return array.version() > 20; }));
      auto waiting = value.when_changed(self.ptr(), 0); // the writer is too busy to answer
      for (int i = 0; i < 1000; ++i)
        if (auto now = value.try_load())
          REQUIRE(now->whole());
      REQUIRE(::kill(pid, SIGKILL) == 0);
      caf::error reason;
      waiting.receive([](uint64_t) { FAIL("who could answer?"); }, [&](caf::error& why) { reason = std::move(why); });
      CHECK(reason == errc::worker_lost);
      CHECK(value.load().whole());
      auto last = value.version();
      CHECK(static_cast<uint64_t>(value.load().parts[0]) >= last);
      auto elements = array.snapshot();
      CHECK(elements == std::vector<int32_t>(array_size, elements[0]));
    }
  }
  before.check();
}

TEST_CASE("a reader that is killed disturbs neither the writer nor other readers, and what it counted stays") {
  leftovers before;
  {
    host_fixture f;
    caf::scoped_actor self{f.sys};
    auto reader = f.host.spawn("publisher");
    auto writer = shared_value_writer<reading>::make(f.sys);
    auto reads = shared_counter::make();
    REQUIRE((reader && writer && reads));
    auto pid = pid_of(f.sys, *reader);
    self->monitor(*reader);
    self->send(*reader, writer->share(), *reads);
    for (int64_t i = 1; reads->load() < 1000; ++i)
      writer->store(reading::of(i));
    REQUIRE(::kill(pid, SIGKILL) == 0);
    self->receive([](caf::down_msg&) {});
    auto counted = reads->load();
    CHECK(counted >= 1000);
    writer->store(reading::of(-5));
    CHECK(writer->share().load().parts[7] == -5);
    reads->add(2);
    CHECK(reads->load() == counted + 2);
  }
  before.check();
}

TEST_CASE("a handle whose memory is not what it must be fails its message, and nobody is hurt") {
  leftovers before;
  {
    host_fixture f;
    auto forger = f.host.spawn("forger");
    REQUIRE(forger);
    for (auto habit :
         {"unsealed", "still writable", "can shrink", "too small", "too large", "has holes", "a program", "a pipe"}) {
      INFO(habit);
      auto got =
        request<shared_value<int64_t>>(f.sys, *forger, caf::make_message(caf::open_atom_v, std::string{habit}));
      REQUIRE_FALSE(got);
      CHECK(got.error() == errc::decode_failed);
      CHECK(to_string(got.error()).find("shared state") != std::string::npos);
      CHECK(answers(f.sys, *forger));
    }
    for (uint64_t said : {uint64_t{1}, uint64_t{50}, uint64_t{5000}, uint64_t{1} << 41, ~uint64_t{0}}) {
      auto got =
        request<shared_array<int32_t>>(f.sys, *forger, caf::make_message(caf::reset_atom_v, said, uint64_t{100}));
      REQUIRE_FALSE(got);
      CHECK(got.error() == errc::decode_failed);
    }
    CHECK(answers(f.sys, *forger));
  }
  before.check();
}

TEST_CASE("memory of shared state that holds anything is an error or a value, and no hang") {
  host_fixture f;
  auto forger = f.host.spawn("forger");
  REQUIRE(forger);
  for (int32_t octet : {0x00, 0x01, 0x5b, 0xff}) {
    CAPTURE(octet);
    auto value = request<shared_value<int64_t>>(f.sys, *forger, caf::make_message(caf::put_atom_v, octet));
    REQUIRE(value);
    auto read = value->try_load();
    REQUIRE_FALSE(read);
    CHECK(read.error() == errc::value_unreadable);
    CHECK_THROWS_AS(value->load(), bulkhead::shared_state_error);
    auto array = request<shared_array<int32_t>>(f.sys, *forger, caf::make_message(caf::put_atom_v, octet, size_t{10}));
    REQUIRE(array);
    CHECK(array->snapshot().size() == 10); // any bytes are elements
    CHECK(array->at(9) == static_cast<int32_t>(static_cast<uint32_t>(octet) * 0x01010101u));
  }
}
