#include "bulkhead/runtime/pool_worker.hpp"

#include <utility>

namespace bulkhead::runtime {

void pool_worker::add(const std::shared_ptr<task>& what) {
  what->where = task::state::assigned;
  what->number = next;
  tasks[next % shm::claim_board::slots] = what;
  ++next;
  ++in_flight;
  ++given;
}

std::shared_ptr<task> pool_worker::find(uint64_t number) const {
  if (number < oldest || number >= next)
    return nullptr;
  return tasks[number % shm::claim_board::slots];
}

std::shared_ptr<task> pool_worker::take(uint64_t number) {
  if (!find(number))
    return nullptr;
  auto result = std::move(tasks[number % shm::claim_board::slots]);
  tasks[number % shm::claim_board::slots] = nullptr;
  --in_flight;
  reserved = reserved && in_flight > 0;
  while (oldest < next && !tasks[oldest % shm::claim_board::slots])
    ++oldest;
  result->worker.reset();
  return result;
}

} // namespace bulkhead::runtime
