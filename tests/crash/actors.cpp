#include "crash/actors.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace {

[[noreturn]] void die(const std::string& how) {
  if (how == "kill")
    std::raise(SIGKILL);
  if (how == "abort")
    std::abort();
  if (how == "segfault") {
    std::signal(SIGSEGV, SIG_DFL); // a sanitizer would turn it into an exit
    std::raise(SIGSEGV);
  }
  if (how == "exit")
    std::_Exit(3);
  if (how == "thread")
    std::thread{[] { throw std::runtime_error("in a thread"); }}.join();
  std::vector<std::string> memory;
  while (how == "memory")
    memory.emplace_back(size_t{1} << 20, 'x');
  for (;;)
    ::pause();
}

struct victim_state {
  std::vector<int32_t> kept;
  std::vector<caf::typed_response_promise<bulkhead::fd>> open;
};

caf::behavior victim_child(caf::event_based_actor*) {
  return {[](caf::add_atom, int32_t x) { return x + 1; }};
}

caf::behavior victim(caf::stateful_actor<victim_state>* self) {
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [](caf::add_atom, int32_t x) { return x + 1; },
    [](const bulkhead::bytes& block) { return static_cast<int32_t>(block.size()); },
    [self](const std::string& how) {
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), caf::ok_atom_v);
      die(how);
    },
    [self](caf::put_atom, int32_t x) { self->state.kept.push_back(x); },
    [self](caf::get_atom, int32_t) { return self->state.kept; },
    [](test_support::unreadable) { return int32_t{0}; },
    [self](caf::get_atom, uint64_t size) -> caf::result<bulkhead::bytes> {
      auto room = bulkhead::allocate(self->current_sender(), size);
      if (!room)
        return std::move(room.error());
      std::fill(room->room().begin(), room->room().end(), std::byte{5});
      return std::move(*room).finish();
    },
    // Answered when as many have asked as the number says, all in one turn.
    [self](caf::open_atom, int32_t together) {
      auto& open = self->state.open;
      auto promise = self->make_response_promise<bulkhead::fd>();
      open.push_back(promise);
      if (open.size() == static_cast<size_t>(together))
        for (auto& x : std::exchange(open, {}))
          x.deliver(bulkhead::fd::duplicate_of(0).value());
      return promise;
    },
    [](const bulkhead::fd& file) { return static_cast<int32_t>(file.number()); },
    [](const std::vector<bulkhead::fd>& files) { return static_cast<int32_t>(files.size()); },
    [](caf::close_atom, int32_t) {
      // Some are left for what a sanitizer does on each thread.
      auto next = bulkhead::fd::duplicate_of(0).value();
      auto few = static_cast<rlim_t>(next.number()) + 24;
      rlimit limit{few, few};
      return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
    },
    [](caf::put_atom, uint64_t more) {
      std::ifstream in{"/proc/self/statm"};
      rlim_t pages = 0;
      in >> pages;
      rlimit limit{pages * 4096 + more, pages * 4096 + more};
      return ::setrlimit(RLIMIT_AS, &limit) == 0;
    },
    [self](caf::spawn_atom) { return self->spawn<caf::linked>(victim_child); },
  };
}

caf::behavior thrower(caf::event_based_actor*, int32_t) {
  throw std::runtime_error("no victim today");
}

test_support::counter_actor::behavior_type counting(test_support::counter_actor::pointer, int32_t start) {
  auto value = std::make_shared<int32_t>(start);
  return {
    [value](caf::get_atom) { return *value; },
    [value](caf::add_atom, int32_t x) { *value += x; },
  };
}

std::string arguments_of_this_process() {
  std::ifstream in{"/proc/self/cmdline"};
  std::string all{std::istreambuf_iterator<char>{in}, {}};
  std::replace(all.begin(), all.end(), '\0', ' ');
  return all;
}

caf::behavior surroundings(caf::event_based_actor*) {
  return {
    [](const std::string& what) -> std::string {
      if (what == "arguments")
        return arguments_of_this_process();
      if (what == "folder")
        return std::filesystem::current_path().string();
      auto value = std::getenv(what.c_str());
      return value != nullptr ? value : "(not set)";
    },
    [](caf::put_atom, const std::string& line) {
      std::printf("%s\n", line.c_str());
      std::fprintf(stderr, "%s\n", line.c_str());
      return static_cast<int32_t>(::getpid());
    },
  };
}

using test_support::known_actor;

const known_actor known[] = {
  known_actor{bulkhead::heavy<"victim", victim>::add_to},
  known_actor{bulkhead::heavy<"thrower", thrower>::add_to},
  known_actor{bulkhead::heavy<"counter", counting>::add_to},
  known_actor{bulkhead::heavy<"surroundings", surroundings>::add_to},
};

} // namespace
