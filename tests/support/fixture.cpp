#include "support/fixture.hpp"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

namespace test_support {

namespace {

std::vector<void (*)(caf::actor_system_config&)>& known_actors() {
  static std::vector<void (*)(caf::actor_system_config&)> list;
  return list;
}

} // namespace

known_actor::known_actor(void (*add)(caf::actor_system_config&)) {
  known_actors().push_back(add);
}

void add_known_actors(caf::actor_system_config& cfg) {
  for (auto add : known_actors())
    add(cfg);
}

bool eventually(const std::function<bool()>& condition) {
  auto deadline = std::chrono::steady_clock::now() + patience;
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock guard{mutex};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    never.wait_for(guard, std::chrono::milliseconds{1});
  }
  return true;
}

bool freeze(int pid) {
  auto stands_still = [](const std::filesystem::directory_entry& thread) {
    std::string all;
    std::getline(std::ifstream{thread.path() / "stat"}, all, '\0');
    auto end_of_name = all.rfind(')'); // a name may hold anything
    return end_of_name != std::string::npos && all.substr(end_of_name, 3) == ") T";
  };
  return ::kill(pid, SIGSTOP) == 0 && eventually([&] {
           std::filesystem::directory_iterator threads{"/proc/" + std::to_string(pid) + "/task"};
           return std::all_of(begin(threads), end(threads), stands_still);
         });
}

host_fixture::configuration::configuration(size_t scheduler_threads) {
  add_known_actors(*this);
  set("caf.scheduler.max-threads", scheduler_threads);
  load<bulkhead::host>();
}

host_fixture::host_fixture(size_t scheduler_threads) : cfg(scheduler_threads), sys(cfg), host(bulkhead::host::of(sys)) {
  // nop
}

std::vector<int> children() {
  std::vector<int> result;
  for (auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream in{task.path() / "children"};
    result.insert(result.end(), std::istream_iterator<int>{in}, {});
  }
  return result;
}

size_t count_children() {
  return children().size();
}

} // namespace test_support
