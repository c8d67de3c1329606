// The fork server's own process.

#include "bulkhead/runtime/fork_server_main.hpp"

#include "bulkhead/platform/fd_passing.hpp"
#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/process_copy.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/task_runner.hpp"
#include "bulkhead/transport/codec.hpp"
#include "bulkhead/transport/copy_request.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>

namespace bulkhead::runtime {

namespace {

using transport::worker_fd::control;

caf::error run_first(size_t bytes) {
  auto fd = platform::duplicate(transport::worker_fd::preload); // the number itself stays taken
  if (!fd)
    return caf::make_error(errc::startup_failed, fd.error().message());
  auto file = platform::memory_file::adopt(std::move(*fd), bytes);
  if (!file)
    return caf::make_error(errc::startup_failed, file.error().message());
  auto memory = file->map_readonly();
  if (!memory)
    return caf::make_error(errc::startup_failed, memory.error().message());
  transport::spawn_request what;
  if (auto failed = transport::decode(nullptr, std::span{memory->data(), bytes}, nullptr, what))
    return failed;
  return run_initializer(what.arguments);
}

// Workers have these numbers, so what is opened from now on shall have others. The control socket stands there meanwhile, since it is open.
platform::result<void> reserve_numbers(bool has_preload) {
  for (auto number = control + 1; number < transport::worker_fd::end; ++number)
    if (number != transport::worker_fd::preload || !has_preload)
      if (auto reserved = platform::duplicate_as(control, number); !reserved)
        return reserved;
  return {};
}

transport::verdict prepare(const transport::hello& what) {
  if (auto reserved = reserve_numbers(what.preload_bytes > 0); !reserved)
    return {errc::startup_failed, reserved.error().message()};
  if (what.preload_bytes > 0)
    if (auto failed = run_first(what.preload_bytes)) {
      return {failed == errc::constructor_failed ? errc::constructor_failed : errc::startup_failed,
              explanation_in(failed)};
    }
  if (auto able = platform::can_copy_process(); !able) {
    if (able.error().number == EBUSY)
      return {errc::startup_failed,
              "a process with several threads cannot be copied: preload must not leave any, nor may an object with "
              "static lifetime start one"};
    return {errc::startup_failed, able.error().message()};
  }
  std::fflush(nullptr);
  return {};
}

// In a copy.
void become_worker(platform::unique_fd server, transport::copy_request request) {
  (void) server.release(); // its number is that of the worker's own
  for (auto number = control + 1; number < transport::worker_fd::end; ++number)
    platform::unique_fd{number}.reset();
  for (size_t i = 0; i < request.fds.size(); ++i)
    if (!platform::duplicate_as(request.fds[i].get(), request.targets[i]))
      platform::exit_now(EXIT_FAILURE);
  request.fds.clear();
  if (!transport::announce_copy(control))
    platform::exit_now(EXIT_FAILURE);
}

} // namespace

void serve_copies(platform::unique_fd socket, const transport::hello& what) {
  auto verdict = prepare(what);
  if (!transport::send_verdict(socket.get(), verdict) || verdict.code != errc::none)
    platform::exit_now(EXIT_FAILURE);
  for (;;) {
    auto request = transport::receive_copy_request(socket.get());
    if (!request && request.error().number == ECONNRESET)
      platform::exit_now(EXIT_SUCCESS);
    if (!request)
      continue;
    auto side = platform::copy_process();
    if (side && *side == platform::copy_side::copy) {
      become_worker(std::move(socket), std::move(*request));
      return;
    }
    if (!side)
      (void) transport::announce_failure(request->find(control), side.error());
  }
}

} // namespace bulkhead::runtime
