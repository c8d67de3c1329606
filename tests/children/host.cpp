// A host with two workers, one of which is busy in a handler. It prints their process numbers, then waits to be killed.
// With HOST_ENDS=abort it aborts at once; with HOST_SPARES it has a spare, and prints all numbers once more; with
// HOST_FORKS the workers are copies; with HOST_SHARES
// it changes a shared value for ever, which the busy worker reads.

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <unistd.h>

CAF_BEGIN_TYPE_ID_BLOCK(child_host, first_custom_type_id)
  CAF_ADD_TYPE_ID(child_host, (bulkhead::shared_value<int64_t>) )
CAF_END_TYPE_ID_BLOCK(child_host)

caf::behavior sleeper(caf::event_based_actor* self) {
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [self](caf::ok_atom) {
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), caf::ok_atom_v);
      for (;;)
        ::pause();
    },
    [self](const bulkhead::shared_value<int64_t>& value, const bulkhead::shared_counter& reads) {
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), caf::ok_atom_v);
      for (int64_t last = 0;;) {
        if (auto now = value.load(); now < last)
          std::abort();
        else
          last = now;
        reads.add(1);
      }
    },
  };
}

// With a spare among them.
void print_all(bulkhead::host& host) {
  while (host.ready_spares() < 1)
    std::this_thread::yield();
  for (auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream in{task.path() / "children"};
    for (int pid = 0; in >> pid;)
      std::printf("%d\n", pid);
  }
}

void caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  auto value = bulkhead::shared_value_writer<int64_t>::make(sys);
  auto reads = bulkhead::shared_counter::make();
  if (!value || !reads)
    return;
  auto shares = std::getenv("HOST_SHARES") != nullptr;
  caf::scoped_actor self{sys};
  std::vector<caf::actor> held; // a worker ends when nobody refers to its actor
  for (auto busy : {false, true}) {
    bulkhead::worker_options options;
    options.spares = std::getenv("HOST_SPARES") != nullptr ? 1 : 0;
    options.fork_server = std::getenv("HOST_FORKS") != nullptr;
    auto worker = host.spawn("sleeper", options);
    if (!worker) {
      std::printf("error: %s\n", to_string(worker.error()).c_str());
      return;
    }
    held.push_back(*worker);
    self->request(*worker, caf::infinite, caf::get_atom_v)
      .receive([](int32_t pid) { std::printf("%d\n", pid); }, [](const caf::error&) { std::abort(); });
    if (busy) {
      if (shares)
        self->send(*worker, value->share(), *reads);
      else
        self->send(*worker, caf::ok_atom_v);
      self->receive([](caf::ok_atom) {});
    }
  }
  int64_t stored = 0;
  while (shares && reads->load() < 1000)
    value->store(++stored);
  if (std::getenv("HOST_SPARES") != nullptr)
    print_all(host);
  std::printf("ready\n");
  std::fflush(stdout);
  if (std::getenv("HOST_ENDS") != nullptr)
    std::abort();
  while (shares)
    value->store(++stored);
  for (;;)
    ::pause();
}

BULKHEAD_MAIN(caf::id_block::child_host, bulkhead::heavy<"sleeper", sleeper>)
