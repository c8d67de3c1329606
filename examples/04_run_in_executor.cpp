// What Python does with `loop.run_in_executor`: functions run on two worker processes, first one, then four at once, while the
// actor that waits for them serves its timer. Nothing is registered, and nothing blocks.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <iomanip>
#include <iostream>

#include <unistd.h>

using namespace std::chrono_literals;

__extension__ using uint128 = unsigned __int128; // as Python, which knows no limit

constexpr uint64_t n = 10'000'000;
constexpr size_t tasks = 4;

struct computed {
  std::string sum;
  double seconds = 0;
  int32_t process = 0;
};

template <class Inspector>
bool inspect(Inspector& f, computed& x) {
  return f.object(x).fields(f.field("sum", x.sum), f.field("seconds", x.seconds), f.field("process", x.process));
}

CAF_BEGIN_TYPE_ID_BLOCK(example, first_custom_type_id)
  CAF_ADD_TYPE_ID(example, (computed))
CAF_END_TYPE_ID_BLOCK(example)

std::string decimal(uint128 x) {
  auto digit = static_cast<char>('0' + static_cast<int>(x % 10));
  return (x < 10 ? std::string{} : decimal(x / 10)) + digit;
}

computed cpu_bound_task(uint64_t count) {
  auto start = std::chrono::steady_clock::now();
  uint128 sum = 0;
  for (uint64_t i = 0; i < count; ++i)
    sum += i * i;
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {decimal(sum), seconds.count(), ::getpid()};
}

struct session_state {
  size_t results = 0;
  size_t ticks = 0;
};

caf::behavior session(caf::stateful_actor<session_state>* self, bulkhead::executor pool) {
  pool.submit<&cpu_bound_task>(n).then(self, [self, pool](const computed& first) {
    std::cout << "Result: " << first.sum << ", computed in " << std::fixed << std::setprecision(2) << first.seconds
              << "s by process " << first.process << std::endl;
    for (size_t i = 0; i < tasks; ++i)
      pool.submit<&cpu_bound_task>(n).then(self, [self](const computed& result) {
        std::cout << "Result from process " << result.process << ": " << result.seconds << "s" << std::endl;
        if (++self->state.results == tasks) {
          std::cout << "the actor ticked meanwhile: " << (self->state.ticks > 0 ? "yes" : "no") << std::endl;
          self->quit();
        }
      });
  });
  self->delayed_send(self, 1ms, caf::tick_atom_v);
  return {[self](caf::tick_atom) {
    ++self->state.ticks;
    self->delayed_send(self, 1ms, caf::tick_atom_v);
  }};
}

void caf_main(caf::actor_system& sys) {
  bulkhead::executor pool{sys, {.workers_max = 2}};
  caf::scoped_actor self{sys};
  self->wait_for(sys.spawn(session, pool));
}

BULKHEAD_MAIN(caf::id_block::example)
