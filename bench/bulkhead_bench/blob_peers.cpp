// What else hands large payloads to another process.
#include "blob_peers.hpp"

#include "systems.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <csignal>
#include <unistd.h>

namespace bench {

namespace {

bool write_all(int socket, const void* what, size_t size) {
  auto at = static_cast<const char*>(what);
  while (size > 0) {
    auto count = ::send(socket, at, size, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    at += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

bool read_all(int socket, void* what, size_t size) {
  auto at = static_cast<char*>(what);
  while (size > 0) {
    auto count = ::read(socket, at, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    at += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

[[noreturn]] void serve(int socket) {
  std::vector<char> payload;
  for (uint64_t size = 0; read_all(socket, &size, sizeof(size));) {
    if (payload.size() != size)
      payload.resize(size);
    if (!read_all(socket, payload.data(), size))
      break;
    auto answer = static_cast<char>(payload.front() + payload.back());
    if (!write_all(socket, &answer, 1))
      break;
  }
  ::_exit(0);
}

// The first line says how many bytes and how often; the answers have the same first word.
constexpr const char* pool_program = R"(
import asyncio, concurrent.futures, multiprocessing, statistics, sys, time
def touch(b): return b[0] + b[-1]
async def main():
    loop = asyncio.get_running_loop()
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context('fork')) as pool:
        for size, count in (map(int, x.split(':')) for x in sys.argv[1:]):
            content = bytes(size)
            times = []
            for i in range(count + 1):
                begin = time.perf_counter()
                await loop.run_in_executor(pool, touch, content)
                times.append(time.perf_counter() - begin)
            print(size, statistics.median(times[1:]) * 1e6, flush=True)
asyncio.run(main())
)";

} // namespace

socket_peer::socket_peer() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    fail("socketpair");
  auto pid = ::fork();
  if (pid < 0)
    fail("fork");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(ends[0]);
    serve(ends[1]);
  }
  ::close(ends[1]);
  socket_ = ends[0];
  process_ = os::child{pid};
}

socket_peer::~socket_peer() {
  ::close(socket_);
}

void socket_peer::round_trip(const std::vector<std::byte>& payload) {
  uint64_t size = payload.size();
  char answer = 0;
  if (!write_all(socket_, &size, sizeof(size)) || !write_all(socket_, payload.data(), size)
      || !read_all(socket_, &answer, 1))
    fail("the peer at the Unix socket is gone");
}

std::map<size_t, double> python_pool_us(const std::map<size_t, int>& count_of_size) {
  std::vector<std::string> arguments{"python3", "-c", pool_program};
  for (auto& [size, count] : count_of_size)
    arguments.push_back(std::to_string(size) + ":" + std::to_string(count));
  std::map<size_t, double> result;
  for (auto& line : os::lines_of(arguments)) {
    size_t size = 0;
    double microseconds = 0;
    if (std::sscanf(line.c_str(), "%zu %lf", &size, &microseconds) == 2)
      result[size] = microseconds;
  }
  if (result.empty())
    std::fprintf(stderr, "bulkhead_bench: python3 did not run, so its figures are left out\n");
  return result;
}

} // namespace bench
