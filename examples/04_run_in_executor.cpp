// Shows what Python does with `loop.run_in_executor`: a light actor hands CPU-bound tasks to two worker processes, first
// one, then four at once, while another light actor proves that the loop still serves its timers.
#include <actors/heavy/sum_of_squares.hpp>
#include <actors/light/ticker.hpp>

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>
#include <set>

using namespace std::chrono_literals;

constexpr int64_t n = 50'000'000;
constexpr size_t workers = 2;
constexpr size_t tasks = 4;

struct session_state {
  std::vector<caf::actor> pool;
  std::set<int32_t> processes;
  size_t results = 0;
};

using session_actor = caf::stateful_actor<session_state>;

// Starts all tasks at once. Nothing blocks: the handlers below run when the results are there.
void gather(session_actor* self) {
  for (size_t i = 0; i < tasks; ++i)
    self->request(self->state.pool[i % workers], caf::infinite, n).then([self](int64_t sum, int32_t pid) {
      std::cout << "a task: " << sum << std::endl;
      self->state.processes.insert(pid);
      if (++self->state.results == tasks) {
        std::cout << "processes that worked: " << self->state.processes.size() << std::endl;
        self->quit();
      }
    });
}

void session(session_actor* self, std::vector<caf::actor> pool) {
  self->state.pool = std::move(pool);
  self->request(self->state.pool.front(), caf::infinite, n).then([self](int64_t sum, int32_t) {
    std::cout << "the first task: " << sum << std::endl;
    gather(self);
  });
}

int caf_main(caf::actor_system& sys) {
  std::vector<caf::actor> pool;
  for (size_t i = 0; i < workers; ++i) {
    auto hdl = bulkhead::host::of(sys).spawn("sum_of_squares");
    if (!hdl) {
      std::cerr << "cannot spawn: " << to_string(hdl.error()) << '\n';
      return 1;
    }
    pool.push_back(*hdl);
  }

  caf::scoped_actor self{sys};
  auto ticker = sys.spawn(actors::ticker, caf::timespan{1ms});
  auto running = sys.spawn(session, pool);
  self->wait_for(running);
  self->request(ticker, caf::infinite, caf::get_atom_v)
    .receive(
      [](int64_t ticks) {
        std::cout << "the ticker ticked while the tasks ran: " << (ticks > 0 ? "yes" : "no") << '\n';
      },
      [](const caf::error& reason) { std::cerr << to_string(reason) << '\n'; });
  self->send_exit(ticker, caf::exit_reason::user_shutdown);
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"sum_of_squares", actors::sum_of_squares>)
