// A program that is wired wrongly, unless its argument is "well". In its workers it does the same as in the host.

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

caf::behavior squarer(caf::event_based_actor*) {
  return {[](int32_t x) { return x * x; }};
}

struct program_config : bulkhead::config {
  program_config() {
    add_heavy<"squarer", squarer>();
  }
};

// Its workers get the same arguments.
void make_host(std::vector<std::string> arguments) {
  program_config cfg;
  cfg.load<bulkhead::host>();
  caf::actor_system sys{cfg};
  auto spawned = bulkhead::host::of(sys).spawn("squarer", {.arguments = std::move(arguments)});
  std::printf("%s\n", spawned ? "spawned" : to_string(spawned.error()).c_str());
}

} // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  auto habit = arguments.empty() ? std::string{} : arguments.front();
  if (habit != "no type ids")
    bulkhead::init_types<>();
  if (habit == "thread")
    std::thread{[&] { make_host(arguments); }}.join();
  if (habit == "ends at once")
    return 0;
  if (habit == "forgets" || habit == "no type ids" || (habit == "asks and forgets" && bulkhead::is_worker()))
    make_host(arguments);
  program_config cfg;
  if (auto status = bulkhead::run_if_worker(cfg)) {
    if (habit == "well")
      std::ofstream{arguments.at(1), std::ios::app} << "behind it";
    return *status;
  }
  if (habit == "well")
    make_host(arguments);
  return 0;
}
