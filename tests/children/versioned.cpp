// A service in its versions: VERSION says which one, HABIT what is wrong with it, and PLACE where it can look and leave something.
#include "support/types.hpp"

#include <caf/all.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace {

std::string variable(const char* name) {
  auto value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool has(const std::string& habit) {
  return variable("HABIT") == habit;
}

// Only one of all processes is the first.
bool is_first() {
  return std::filesystem::create_directory(variable("PLACE"));
}

// Before the program says hello.
const bool started = [] {
  if (has("exits"))
    ::_exit(3);
  if (has("waits"))
    std::ifstream{variable("PLACE")}.get(); // a pipe that nobody writes to
  return true;
}();

caf::behavior versioned(caf::event_based_actor* self) {
  if (has("throws"))
    throw std::runtime_error{"not this version"};
  auto dies = has("dies") || (has("second one dies") && !is_first());
  return {
    [dies](caf::get_atom) {
      if (dies)
        ::raise(SIGKILL);
      return static_cast<int32_t>(std::stoi(variable("VERSION")));
    },
    [](caf::get_atom, caf::ok_atom) { return static_cast<int32_t>(::getpid()); },
    [](caf::put_atom, int32_t x) { return x; },
    [](caf::delete_atom) { ::raise(SIGKILL); },
    [](caf::tick_atom, const std::string& pipe) {
      std::ifstream{pipe}.get();
      return static_cast<int32_t>(::getpid());
    },
    [self](caf::close_atom) { self->quit(caf::sec::runtime_error); },
  };
}

} // namespace

void caf_main(caf::actor_system&) {
  // nop
}

BULKHEAD_MAIN(caf::id_block::test, bulkhead::heavy<"versioned", versioned>)
