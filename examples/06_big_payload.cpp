// Shows payloads that are handed over and not copied: an array of 64 MiB is written where the heavy actor reads it, the actor
// answers with a part of it, and a descriptor goes along with a message.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>
#include <numeric>

#include <fcntl.h>
#include <unistd.h>

using samples = bulkhead::array<float>;

// Sums the samples up where they lie, and sends back a part of them.
caf::behavior analyst(caf::event_based_actor*) {
  return {
    [](const samples& all) { return std::accumulate(all.begin(), all.end(), 0.0); },
    [](const bulkhead::bytes& all, uint64_t offset, uint64_t count) { return all.slice(offset, count); },
    [](const bulkhead::fd& file) {
      char text[32] = {};
      (void) !::read(file.number(), text, sizeof(text) - 1);
      return std::string{text};
    },
  };
}

int caf_main(caf::actor_system& sys) {
  constexpr size_t count = size_t{16} << 20; // values
  auto hdl = bulkhead::host::of(sys).spawn("analyst");
  if (!hdl) {
    std::cerr << "cannot spawn the analyst: " << to_string(hdl.error()) << '\n';
    return 1;
  }
  auto room = bulkhead::allocate_array<float>(*hdl, count);
  if (!room) {
    std::cerr << "no room for the samples: " << to_string(room.error()) << '\n';
    return 1;
  }
  std::fill(room->room().begin(), room->room().end(), 0.5f);
  room->room().back() = 1000.0f;
  auto all = std::move(*room).finish();

  caf::scoped_actor self{sys};
  auto failed = [](const caf::error& reason) { std::cout << to_string(reason) << '\n'; };
  std::cout << "the sum of " << all.size() << " samples: ";
  self->request(*hdl, caf::infinite, all).receive([](double sum) { std::cout << std::fixed << sum << '\n'; }, failed);

  std::cout << "the last four bytes: ";
  self->request(*hdl, caf::infinite, all.bytes(), uint64_t{all.bytes().size() - 4}, uint64_t{4})
    .receive([](const bulkhead::bytes& part) { std::cout << (*samples::from(part))[0] << '\n'; }, failed);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return 1;
  auto reading = bulkhead::fd::adopt(ends[0]);
  auto writing = bulkhead::fd::adopt(ends[1]);
  (void) !::write(writing.number(), "through a pipe", 14);
  std::cout << "from a descriptor: ";
  self->request(*hdl, caf::infinite, reading)
    .receive([](const std::string& text) { std::cout << text << '\n'; }, failed);
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"analyst", analyst>)
