#include "coroutines.hpp"

#include "workers.hpp"

#include <bulkhead/coroutine.hpp>

#include <memory>
#include <utility>

namespace soak {

using namespace bulkhead;
using namespace std::chrono_literals;

namespace {

awaitable<> add_to(std::shared_ptr<uint64_t> sum, future<uint64_t> task) {
  *sum += co_await std::move(task);
}

awaitable<uint64_t> both(caf::event_based_actor* self, caf::actor pool, executor tasks, uint64_t number) {
  auto [left, right] = co_await (tasks.submit<&plain_task>(number)
                                 && request<uint64_t>(self, pool, caf::infinite, caf::get_atom_v, number));
  co_return left == right ? left : 0;
}

awaitable<uint64_t> in_time(executor tasks, uint64_t number) {
  co_return co_await with_timeout(tasks.submit<&plain_task>(number), 1h);
}

awaitable<uint64_t> of_group(executor tasks, uint64_t number) {
  auto sum = std::make_shared<uint64_t>(0);
  auto body = [tasks, number, sum](task_group group) -> awaitable<> {
    for (int i = 0; i < 3; ++i)
      group.add(add_to(sum, tasks.submit<&plain_task>(number)));
    co_return;
  };
  co_await with_task_group(body);
  co_return *sum == 3 * mixed(number) ? mixed(number) : 0;
}

awaitable<> settle(caf::event_based_actor* self, caf::actor pool, executor tasks, ledger& books,
                   std::function<void()> next) {
  auto number = books.send();
  caf::expected<uint64_t> result{caf::sec::runtime_error};
  if (number % 3 == 0)
    result = co_await as_expected(both(self, pool, tasks, number));
  else if (number % 3 == 1)
    result = co_await as_expected(in_time(tasks, number));
  else
    result = co_await as_expected(of_group(tasks, number));
  if (result)
    books.answered(number, *result == mixed(number));
  else
    books.failed(number, result.error());
  next();
}

} // namespace

void await_one(caf::event_based_actor* self, const services& targets, ledger& books, std::function<void()> next) {
  co_spawn(self, settle(self, targets.pool, targets.tasks, books, std::move(next)));
}

} // namespace soak
