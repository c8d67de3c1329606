// A host that gives up its privileges while its worker runs, so that it may not kill it. It cancels a task that never ends, says so, and
// ends. To be started as root.

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>

#include <unistd.h>

namespace {

constexpr unsigned nobody = 65534;

void spin(const bulkhead::fd& begun) {
  std::atomic<uint64_t> turns = 0;
  if (::write(begun.number(), "1", 1) == 1)
    for (;;)
      ++turns;
}

} // namespace

void caf_main(caf::actor_system& sys) {
  using namespace std::chrono_literals;
  bulkhead::executor pool{sys, {.workers_max = 1, .worker = {.stop_timeout = 100ms}}};
  int ends[2];
  char sign = 0;
  if (!pool.submit([] {}).get() || ::pipe(ends) != 0 || ::setgid(nobody) != 0 || ::setuid(nobody) != 0)
    return;
  auto spinning = pool.submit<&spin>(bulkhead::fd::adopt(ends[1]));
  if (::read(ends[0], &sign, 1) == 1 && spinning.cancel())
    std::puts("cancelled");
  std::fflush(stdout);
}

BULKHEAD_MAIN()
