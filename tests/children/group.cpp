// A host in a process group of its own. GROUP_DOES says what it does:
//   tasks     two tasks wait at the gate GROUP_GATE; all processes of the group get each signal that groups get; the gate opens
//   starts    workers start and end while such signals go to the group all the time
//   command   a task runs a command that prints the settings which it has inherited, and the host runs it as well
//   pid       a task runs a command that prints its number and goes on until somebody ends it
// GROUP_IGNORES is a signal that it ignores from the beginning, GROUP_BLOCKS one that it blocks; with GROUP_FORKS workers are copies.

#include "children/fifo.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace {

constexpr std::array signals{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

int32_t pass(const std::string& gate) {
  return wait_at(gate) ? 1 : 0;
}

std::string output_of(const std::string& command) {
  std::string result;
  std::array<char, 256> buffer;
  if (auto* output = ::popen(command.c_str(), "re")) {
    while (::fgets(buffer.data(), buffer.size(), output) != nullptr)
      result += buffer.data();
    ::pclose(output);
  }
  return result;
}

const std::string print_settings = "grep '^Sig[BIC]' /proc/self/status; ls /proc/self/fd | tr '\\n' ' '";

int32_t run_for_long() {
  return std::system("echo $$; exec sleep 1000");
}

void say(const std::string& what) {
  std::printf("%s\n", what.c_str());
  std::fflush(stdout);
}

template <class T>
std::string outcome(const caf::expected<T>& result) {
  return result ? caf::deep_to_string(*result) : "error: " + to_string(result.error());
}

bulkhead::executor_options options(size_t workers) {
  bulkhead::executor_options result;
  result.workers_max = workers;
  result.worker.fork_server = std::getenv("GROUP_FORKS") != nullptr;
  return result;
}

void run_tasks(caf::actor_system& sys) {
  bulkhead::executor pool{sys, options(2)};
  std::string gate = std::getenv("GROUP_GATE");
  auto fd = ::open(gate.c_str(), O_RDWR | O_CLOEXEC);
  std::vector<bulkhead::future<int32_t>> tasks;
  for (int i = 0; i < 2; ++i)
    tasks.push_back(pool.submit<&pass>(gate));
  while (pool.status().workers_ready < 2)
    std::this_thread::yield();
  for (auto number : signals)
    ::kill(0, number);
  if (::write(fd, "x", 1) != 1)
    say("no gate");
  for (auto& x : tasks)
    say(outcome(x.get()));
  ::close(fd);
}

void run_starts(caf::actor_system& sys) {
  std::atomic<bool> done = false;
  std::thread sender{[&] {
    for (size_t i = 0; !done; ++i) {
      ::kill(0, signals[i % signals.size()]);
      std::this_thread::yield();
    }
  }};
  for (int i = 0; i < 10; ++i) {
    bulkhead::executor pool{sys, options(2)};
    for (auto& x : {pool.submit([] {}), pool.submit([] {})})
      say(x.get() ? "ok" : "error: " + to_string(x.get().error()));
  }
  done = true;
  sender.join();
}

} // namespace

void caf_main(caf::actor_system& sys) {
  std::string what = std::getenv("GROUP_DOES");
  if (what == "tasks") {
    run_tasks(sys);
  } else if (what == "starts") {
    run_starts(sys);
  } else if (what == "command") {
    bulkhead::executor pool{sys, options(1)};
    say(output_of(print_settings));
    say("--");
    auto printed = pool.submit<&output_of>(print_settings).get();
    say(printed ? *printed : to_string(printed.error()));
  } else {
    auto how = options(1);
    how.worker.standard_output = bulkhead::output::inherit;
    bulkhead::executor pool{sys, how};
    auto command = pool.submit<&run_for_long>();
    say(outcome(command.get()));
  }
  say("end");
}

int main(int argc, char** argv) {
  if (!bulkhead::is_worker()) {
    ::setpgid(0, 0);
    for (auto number : signals)
      std::signal(number, [](int) {});
    if (auto* number = std::getenv("GROUP_IGNORES"))
      std::signal(std::atoi(number), SIG_IGN);
    if (auto* number = std::getenv("GROUP_BLOCKS")) {
      sigset_t blocked;
      ::sigemptyset(&blocked);
      ::sigaddset(&blocked, std::atoi(number));
      ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    }
  }
  return bulkhead::detail::run_main<>(caf_main, argc, argv);
}
