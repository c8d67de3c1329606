#include "bulkhead/transport/errc.hpp"

#include "bulkhead/transport/type_ids.hpp"

#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <caf/type_id.hpp>

#include <algorithm>
#include <array>

namespace bulkhead {

namespace {

struct entry {
  const char* name;
  const char* explanation;
};

constexpr std::array entries{
  entry{"none", "no error"},
  entry{"worker_lost", "the worker process ended while the request was open"},
  entry{"mailbox_full",
        "too many messages wait for the receiver: send less, retry later, or raise actor_backlog or backlog"},
  entry{"message_too_large", "the message exceeds message_bytes_max: split it or raise the limit"},
  entry{"encode_failed", "the message cannot be serialized: its types need an inspect overload that can be saved"},
  entry{"decode_failed", "the receiving process could not decode the message: check the inspect of its types"},
  entry{"program_not_found", "the worker's program cannot be executed: check worker_options::program"},
  entry{"unknown_actor", "no actor is registered under this name in the worker: add it to BULKHEAD_MAIN or the config"},
  entry{"wrong_arguments", "the arguments do not fit the parameters of the actor"},
  entry{"constructor_failed", "the actor threw while it was started"},
  entry{"wrong_interface", "the actor does not implement the messaging interface of the requested handle"},
  entry{"build_mismatch", "host and worker differ in version or message types: build both from the same sources"},
  entry{"startup_timeout", "the worker did not report in time: raise startup_timeout, look at its output, and see that "
                           "its main calls run_if_worker first"},
  entry{"startup_failed", "the worker's process ended before it was ready: look at its output"},
  entry{"resources_exhausted", "the kernel refused a resource: raise the limit (ulimit -n, -u) or free some"},
  entry{"invalid_option", "an option has an impossible value"},
  entry{"shutting_down", "the actor system or the worker is shutting down"},
  entry{"no_route", "the receiver lives in a process that cannot be reached from here"},
  entry{"not_loaded", "the module is not loaded: call cfg.load<bulkhead::host>() before creating the actor system"},
  entry{"out_of_memory", "the actor ran out of memory"},
  entry{"payload_room_full", "no room is left for payloads to this process: retry later, or raise payload_bytes_max"},
  entry{"value_unreadable", "the writer of shared state changes it without pause, or damaged it: retry, or give it up"},
  entry{"deadlock", "actors await each other's responses in a circle: use then instead of await in one of them"},
  entry{"task_failed", "the function of the task threw"},
  entry{"cancelled", "it was cancelled before it had a result"},
  entry{"executor_full",
        "as many tasks wait as the executor allows: submit less, wait for when_room, or raise tasks_max"},
  entry{"unknown_function", "the worker's program has no such function: let workers run the program that submits"},
  entry{"would_block", "waiting here would block a thread that runs actors: use then"},
  entry{"restarts_exhausted", "the worker died too often: look at the cause, or raise restart.restarts_max"},
  entry{"poisoned", "each process that handled the message died: it is not tried again"},
  entry{"upgrade_failed",
        "the new program did not come up or died in its probation, and the former one serves: look at the cause"},
  entry{"no_successor", "the actor has no successor: only what the host spawns with worker_options::restart has one"},
  entry{"nested_worker",
        "a worker cannot start workers: let the host spawn the actor, or spawn it in this process with CAF"},
  entry{
    "types_not_initialized",
    "type ids were never initialized: call bulkhead::init_types<...>() first in main, with all blocks of the program"},
};

static_assert(entries.size() == static_cast<size_t>(errc::types_not_initialized) + 1);

const entry& entry_of(errc code) {
  auto index = static_cast<size_t>(code);
  return entries[std::min(index, entries.size() - 1)];
}

} // namespace

std::string to_string(errc code) {
  return entry_of(code).name;
}

const char* explain(errc code) noexcept {
  return entry_of(code).explanation;
}

bool from_string(caf::string_view text, errc& code) {
  for (size_t i = 0; i < entries.size(); ++i)
    if (text == caf::string_view{entries[i].name, std::char_traits<char>::length(entries[i].name)})
      return from_integer(static_cast<uint8_t>(i), code);
  return false;
}

bool from_integer(std::underlying_type_t<errc> number, errc& code) {
  if (number >= entries.size())
    return false;
  code = static_cast<errc>(number);
  return true;
}

caf::error not_loaded_error() {
  if (caf::query_type_name(caf::type_id_v<errc>).empty())
    return caf::make_error(
      caf::sec::runtime_error,
      "Bulkhead is not set up: use BULKHEAD_MAIN in place of CAF_MAIN, or a main function that calls "
      "bulkhead::init_types and bulkhead::run_if_worker, and loads bulkhead::host");
  return caf::make_error(errc::not_loaded, explain(errc::not_loaded));
}

} // namespace bulkhead
