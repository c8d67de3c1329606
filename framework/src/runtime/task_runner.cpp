// The worker's side of an executor: runs what it can claim, one task after the other.
#include "bulkhead/runtime/task_runner.hpp"

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/runtime/caf_factory.hpp"
#include "bulkhead/runtime/caf_scheduler.hpp"
#include "bulkhead/runtime/task_function.hpp"
#include "bulkhead/runtime/worker_main.hpp"
#include "bulkhead/transport/task_records.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

namespace bulkhead::runtime {

namespace {

using transport::task_batch;
using transport::task_call;
using transport::task_claims;
using transport::task_result;

/// What this thread runs; null outside of tasks.
struct running_task {
  shm::claim_board* board;
  uint64_t number;
};

thread_local const running_task* task_of_thread = nullptr;

// How long one turn may take, apart from its last task: between turns the actor may have to wait for room, or to end.
constexpr std::chrono::microseconds tasks_turn_max{200};

// How soon it is seen that results have left this process.
constexpr std::chrono::microseconds look_again{200};

struct waiting_call {
  task_call call;
  caf::strong_actor_ptr sender;
  /// Of the last call of a batch: the request's.
  caf::response_promise response;
};

struct runner_state {
  static inline const char* name = "bulkhead.task_runner";

  task_claims claims;
  caf_scheduler* scheduler = nullptr;
  std::deque<waiting_call> waiting;
  /// Of the functions that have run.
  std::unordered_map<uint64_t, std::string> names;
  bool goes_on = false;
};

using runner = caf::stateful_actor<runner_state>;

caf::message run(uint64_t function, const caf::message& arguments) {
  auto entry = find_task_function(function);
  if (entry == nullptr)
    return caf::make_message(caf::make_error(errc::unknown_function));
  return run_guarded(entry->run, arguments);
}

// What a certificate says of the task that ran last.
const std::string& name_of(runner_state& state, uint64_t function) {
  auto& result = state.names[function];
  if (result.empty()) {
    auto entry = find_task_function(function);
    result = "task " + (entry != nullptr ? name_of_function(*entry) : "of an unknown function");
  }
  return result;
}

void run_one(runner* self, waiting_call what) {
  task_result result;
  if (auto board = self->state.claims.board(); board.begin(what.call.number, platform::now_ns())) {
    running_task now{&board, what.call.number};
    task_of_thread = &now;
    result.number = what.call.number;
    mark_moment(name_of(self->state, what.call.function));
    result.value = run(what.call.function, what.call.arguments);
    task_of_thread = nullptr;
  }
  what.call.arguments = {}; // so that payloads go back before the answer
  if (what.response.pending())
    what.response.deliver(std::move(result));
  else if (result.number != 0 && what.sender)
    // With the same sender as the response has, because the order of the two matters.
    what.sender->enqueue(
      caf::make_mailbox_element(caf::strong_actor_ptr{self->ctrl()}, caf::make_message_id(), {}, std::move(result)),
      self->context());
}

// A task that ends the process must not take the results of others along, so none is begun before those have left it.
bool owes_results(runner* self) {
  if (!self->state.scheduler->output_waits())
    return false;
  self->state.goes_on = true;
  self->delayed_send(self, look_again, caf::tick_atom_v);
  return true;
}

void run_waiting(runner* self) {
  auto& waiting = self->state.waiting;
  auto begin = std::chrono::steady_clock::now();
  while (!waiting.empty() && !owes_results(self)) {
    auto next = std::move(waiting.front());
    waiting.pop_front();
    run_one(self, std::move(next));
    if (!waiting.empty() && std::chrono::steady_clock::now() - begin > tasks_turn_max) {
      self->state.goes_on = true;
      self->send(self, caf::tick_atom_v);
      return;
    }
  }
}

/// @returns why it failed; empty if it did not.
std::optional<std::string> run_first(const std::string& name, uint64_t function, const caf::message& arguments) {
  auto value = run(function, arguments);
  if (!value.match_elements<caf::error>())
    return std::nullopt;
  return name + " failed: " + to_string(value.get_as<caf::error>(0));
}

caf::behavior task_runner(runner* self, const task_claims& claims, uint64_t initializer,
                          const caf::message& arguments) {
  if (!claims)
    throw std::invalid_argument{"needs a claim board"};
  self->state.claims = claims;
  self->state.scheduler = &dynamic_cast<caf_scheduler&>(self->system().scheduler()); // a worker has no other
  if (initializer != 0)
    if (auto failed = run_first("the initializer", initializer, arguments))
      throw std::runtime_error{*failed};
  return {
    [self](task_batch& batch) {
      auto sender = self->current_sender(); // which the promise takes
      auto response = self->make_response_promise();
      auto& waiting = self->state.waiting;
      for (auto& x : batch.calls)
        waiting.push_back({std::move(x), sender, {}});
      if (batch.calls.empty())
        response.deliver(task_result{});
      else
        waiting.back().response = std::move(response);
      if (!self->state.goes_on)
        run_waiting(self);
    },
    [self](caf::tick_atom) {
      self->state.goes_on = false;
      run_waiting(self);
    },
  };
}

} // namespace

bool asked_to_stop() noexcept {
  auto now = task_of_thread;
  return now != nullptr && now->board->is_asked_to_stop(now->number);
}

void call_begins(size_t index) noexcept {
  if (auto now = task_of_thread)
    now->board->begin_call(index);
}

transport::spawn_request request_to_run(std::string name, const bound_function& what) {
  transport::spawn_request result;
  result.name = initializer_name;
  result.arguments = caf::make_message(std::move(name), what.function, what.arguments);
  return result;
}

transport::spawn_request request_to_run_last(const bound_function& what) {
  auto result = request_to_run("the finalizer", what);
  result.name = finalizer_name;
  return result;
}

caf::error run_initializer(const caf::message& what) {
  if (!what.match_elements<std::string, uint64_t, caf::message>())
    return caf::make_error(errc::wrong_arguments, std::string{initializer_name});
  auto failed = run_first(what.get_as<std::string>(0), what.get_as<uint64_t>(1), what.get_as<caf::message>(2));
  return failed ? caf::make_error(errc::constructor_failed, std::move(*failed)) : caf::error{};
}

std::string explanation_in(const caf::error& failed) {
  return failed.context().match_elements<std::string>() ? failed.context().get_as<std::string>(0) : to_string(failed);
}

void add_task_runner(caf::actor_system_config& cfg) {
  cfg.add_actor_factory(std::string{task_runner_name}, make_function_factory<task_runner, caf::no_spawn_options>());
}

} // namespace bulkhead::runtime
