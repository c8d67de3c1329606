// A host whose address space is nearly used up. It sends payloads of all sizes, built in place, copied and as vectors, and says
// what became of each; with CRAMPED_FAILS it would rather have an error than a copy.

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace {

using namespace bulkhead::literals;

caf::behavior measurer(caf::event_based_actor*) {
  return {
    [](const bulkhead::bytes& x) { return static_cast<uint64_t>(x.size()); },
    [](const caf::byte_buffer& x) { return static_cast<uint64_t>(x.size()); },
    [](uint64_t x) { return x; },
  };
}

bool limit_address_space(uint64_t more) {
  std::ifstream in{"/proc/self/statm"};
  uint64_t pages = 0;
  if (!(in >> pages))
    return false;
  rlimit limit{};
  limit.rlim_cur = limit.rlim_max = pages * 4096 + more;
  return ::setrlimit(RLIMIT_AS, &limit) == 0;
}

// "ok", or why not.
std::string outcome_of(caf::scoped_actor& self, const caf::actor& to, uint64_t size, const caf::message& content) {
  std::string result;
  self->request(to, caf::infinite, content)
    .receive([&](uint64_t got) { result = got == size ? "ok" : "damaged"; },
             [&](const caf::error& why) { result = "error " + to_string(why); });
  return result;
}

std::string built_in_place(caf::scoped_actor& self, const caf::actor& to, uint64_t size) {
  auto room = bulkhead::allocate(to, size);
  if (!room)
    return "error " + to_string(room.error());
  std::memset(room->room().data(), 1, size);
  return outcome_of(self, to, size, caf::make_message(std::move(*room).finish()));
}

} // namespace

void caf_main(caf::actor_system& sys) {
  auto fail = std::getenv("CRAMPED_FAILS") != nullptr;
  bulkhead::worker_options options;
  options.when_payloads_full = fail ? bulkhead::payload_fallback::fail : bulkhead::payload_fallback::copy;
  options.backlog = options.actor_backlog = {1_GiB, 1 << 24};
  auto to = bulkhead::host::of(sys).spawn("measurer", options);
  caf::scoped_actor self{sys};
  constexpr uint64_t sizes[] = {1_MiB, 8_MiB, 24_MiB, 40_MiB, 64_MiB, 90_MiB, 200_MiB};
  // What the application has, it has: the framework must find no room for its own copies.
  std::vector<caf::message> payloads, vectors;
  for (auto size : sizes) {
    payloads.push_back(caf::make_message(bulkhead::bytes{caf::byte_buffer(size)}));
    vectors.push_back(caf::make_message(caf::byte_buffer(size)));
  }
  if (!to || outcome_of(self, *to, 7, caf::make_message(uint64_t{7})) != "ok" || !limit_address_space(96_MiB))
    return;
  for (size_t i = 0; i < std::size(sizes); ++i) {
    std::printf("%s\n", built_in_place(self, *to, sizes[i]).c_str());
    std::printf("%s\n", outcome_of(self, *to, sizes[i], payloads[i]).c_str());
    std::printf("%s\n", outcome_of(self, *to, sizes[i], vectors[i]).c_str());
    std::fflush(stdout);
  }
  std::printf("%s\nend\n", outcome_of(self, *to, 7, caf::make_message(uint64_t{7})).c_str());
}

BULKHEAD_MAIN(bulkhead::heavy<"measurer", measurer>)
