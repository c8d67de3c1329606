#pragma once

#include "os.hpp"

#include <cstddef>
#include <map>
#include <vector>

namespace bench {

/// Another process that reads what it is told over a Unix stream socket, looks at both ends of it, and answers.
class socket_peer {
public:
  socket_peer();
  ~socket_peer();
  socket_peer(const socket_peer&) = delete;

  void round_trip(const std::vector<std::byte>& payload);

private:
  int socket_;
  os::child process_;
};

/// How long it takes Python's `run_in_executor` with a pool of processes to hand so many bytes to a function that looks at both
/// ends, in microseconds: the median of `count` times for each size.
/// @returns nothing if there is no python3, after it said so on standard error.
std::map<size_t, double> python_pool_us(const std::map<size_t, int>& count_of_size);

} // namespace bench
