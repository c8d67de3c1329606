// A host with two workers, one of which is busy in a handler. It prints their process numbers, then waits to be killed;
// with HOST_ENDS=abort it aborts once a line comes.

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include <unistd.h>

caf::behavior sleeper(caf::event_based_actor* self) {
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [self](caf::ok_atom) {
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), caf::ok_atom_v);
      for (;;)
        ::pause();
    },
  };
}

void caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  caf::scoped_actor self{sys};
  std::vector<caf::actor> held; // a worker ends when nobody refers to its actor
  for (auto busy : {false, true}) {
    auto worker = host.spawn("sleeper");
    if (!worker) {
      std::printf("error: %s\n", to_string(worker.error()).c_str());
      return;
    }
    held.push_back(*worker);
    self->request(*worker, caf::infinite, caf::get_atom_v)
      .receive([](int32_t pid) { std::printf("%d\n", pid); }, [](const caf::error&) { std::abort(); });
    if (busy) {
      self->send(*worker, caf::ok_atom_v);
      self->receive([](caf::ok_atom) {});
    }
  }
  std::printf("ready\n");
  std::fflush(stdout);
  if (std::getenv("HOST_ENDS") != nullptr)
    std::abort();
  for (;;)
    ::pause();
}

BULKHEAD_MAIN(bulkhead::heavy<"sleeper", sleeper>)
