#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace bench::os {

/// A child process that ends with its owner.
class child {
public:
  child() = default;
  explicit child(int pid) : pid_(pid) {
    // nop
  }
  child(child&& other) noexcept;
  child& operator=(child&& other) noexcept;
  ~child();

private:
  int pid_ = -1;
};

/// This program once more, with one argument.
struct started {
  child process;
  /// The first line that it wrote to its standard output.
  std::string line;
};
started start_self(const char* argument);

/// What a program that is looked up in PATH writes to its standard output; nothing if it cannot be started.
std::vector<std::string> lines_of(const std::vector<std::string>& command);

/// Memory that can be had without swapping.
uint64_t available_bytes();

/// Another process that answers through an eventfd each time that it is woken through one, both with epoll: the least that a
/// round trip between two sleeping processes costs.
class eventfd_peer {
public:
  eventfd_peer();
  ~eventfd_peer();
  eventfd_peer(const eventfd_peer&) = delete;

  /// Wakes the other process and sleeps until it answers.
  void round_trip();

private:
  int there_;
  int back_;
  int epoll_;
  child process_;
};

/// Starts a program that does nothing and waits for its end.
void vfork_exec_true_wait();

void kill_now(int pid);

/// ... and waits until the kernel says that the process has ended.
void kill_and_wait(int pid);
int own_pid();

/// What all threads of a process have used so far.
struct usage {
  uint64_t cpu_ns = 0;
  uint64_t switches = 0;
};
usage usage_of(int pid);

/// What this process has taken from the heap and not given back.
uint64_t heap_octets();

/// The proportional set size of a process.
double pss_mib(int pid);

} // namespace bench::os
