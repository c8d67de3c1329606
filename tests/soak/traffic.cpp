#include "traffic.hpp"

#include "coroutines.hpp"
#include "witness.hpp"
#include "workers.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

namespace soak {

using namespace bulkhead;
using test_support::reading;

namespace {

/// Asks `to` and settles the number with the answer.
template <class... Ts>
void ask(caf::event_based_actor* self, const caf::actor& to, ledger& books, std::function<void()> next, uint64_t number,
         uint64_t expected, Ts&&... content) {
  self->request(to, caf::infinite, number, std::forward<Ts>(content)...)
    .then(
      [&books, number, expected, next](uint64_t answer) {
        books.answered(number, answer == expected);
        next();
      },
      [&books, number, next](const caf::error& why) {
        books.failed(number, why);
        next();
      });
}

template <auto Task>
void run(caf::event_based_actor* self, const executor& tasks, ledger& books, std::function<void()> next) {
  auto number = books.send();
  tasks.submit<Task>(number).then(
    self,
    [&books, number, next](uint64_t answer) {
      books.answered(number, answer == mixed(number));
      next();
    },
    [&books, number, next](const caf::error& why) {
      books.failed(number, why);
      next();
    });
}

size_t size_of(uint64_t number, size_t smallest, size_t largest) {
  return smallest + mixed(number + 1) % (largest - smallest);
}

/// When `to` has handled what this actor has sent before, all of `numbers` are settled.
void settle_behind(caf::event_based_actor* self, const caf::actor& to, ledger& books, std::vector<uint64_t> numbers,
                   std::function<void()> next) {
  auto settle = [&books, numbers, next] {
    for (auto x : numbers)
      books.passed_by(x);
    next();
  };
  self->request(to, caf::infinite, caf::put_atom_v).then(settle, [=, &books](const caf::error& why) {
    if (death_of(why))
      settle_behind(self, to, books, numbers, next);
    else
      settle();
  });
}

void send_in_order(caf::event_based_actor* self, const caf::actor& to, ledger& books, uint32_t sender,
                   std::function<void()> next) {
  constexpr size_t in_a_row = 32;
  std::vector<uint64_t> numbers(in_a_row);
  for (auto& x : numbers) {
    x = books.send();
    self->send(to, caf::add_atom_v, sender, x);
  }
  settle_behind(self, to, books, std::move(numbers), std::move(next));
}

/// The count that was answered last, and how many were in doubt since: they may have counted.
struct known_count {
  uint64_t value = 0;
  uint64_t in_doubt = 0;
};

void count_up(caf::event_based_actor* self, const caf::actor& to, ledger& books,
              const std::shared_ptr<known_count>& known, std::function<void()> next) {
  auto number = books.send();
  self->request(to, caf::infinite, caf::add_atom_v)
    .then(
      [=, &books](uint64_t count) {
        books.answered(number, count > known->value && count <= known->value + known->in_doubt + 1);
        *known = {count};
        next();
      },
      [=, &books](const caf::error& why) {
        books.failed(number, why);
        ++known->in_doubt;
        next();
      });
}

void read_shared(caf::event_based_actor* self, const caf::actor& to, ledger& books, std::function<void()> next) {
  auto number = books.send();
  auto fail = [=, &books](const caf::error& why) {
    books.failed(number, why);
    next();
  };
  self->request(to, caf::infinite, caf::open_atom_v)
    .then(
      [=, &books](const shared_value<reading>& value) {
        auto before = value.load();
        self->request(to, caf::infinite, caf::tick_atom_v)
          .then(
            [=, &books] {
              auto after = value.load();
              books.answered(number, before.whole() && after.whole() && before.parts[0] <= after.parts[0]);
              next();
            },
            fail);
      },
      fail);
}

} // namespace

traffic::traffic(caf::actor_system& sys, const services& targets) : sys_(sys) {
  add("requests, small", {}, 2, 4, [to = targets.single](auto* self, uint32_t, ledger& books, next then) {
    auto number = books.send();
    ask(self, to, books, std::move(then), number, mixed(number));
  });
  add("requests, large", {}, 1, 2, [to = targets.single](auto* self, uint32_t, ledger& books, next then) {
    auto number = books.send();
    std::string text(size_of(number, 1, 700'000), 'x');
    auto expected = mixed(number) + text.size();
    ask(self, to, books, std::move(then), number, expected, std::move(text));
  });
  add("requests, tried again", {.retried = true}, 1, 4,
      [to = targets.retried](auto* self, uint32_t, ledger& books, next then) {
        auto number = books.send();
        ask(self, to, books, std::move(then), number, mixed(number));
      });
  add("pool", {}, 2, 4, [to = targets.pool](auto* self, uint32_t, ledger& books, next then) {
    auto number = books.send();
    ask(self, to, books, std::move(then), number, mixed(number));
  });
  add("pool, payloads", {}, 1, 2, [to = targets.pool](auto* self, uint32_t, ledger& books, next then) {
    auto number = books.send();
    caf::byte_buffer payload(size_of(number, 1, 300'000), caf::byte{3});
    auto expected = mixed(number) + payload.size();
    ask(self, to, books, std::move(then), number, expected, bytes{std::move(payload)});
  });
  add("delegated to the pool", {}, 1, 4, [to = targets.relay](auto* self, uint32_t, ledger& books, next then) {
    auto number = books.send();
    ask(self, to, books, std::move(then), number, mixed(number));
  });
  add("in order", {}, 2, 1, [to = targets.single](auto* self, uint32_t sender, ledger& books, next then) {
    send_in_order(self, to, books, sender, std::move(then));
  });
  add("in order, tried again", {.retried = true}, 2, 1,
      [to = targets.retried](auto* self, uint32_t sender, ledger& books, next then) {
        send_in_order(self, to, books, sender, std::move(then));
      });
  add("state handed over", {.witnessed = false}, 1, 1,
      [to = targets.keeper, known = std::make_shared<known_count>()](auto* self, uint32_t, ledger& books, next then) {
        count_up(self, to, books, known, std::move(then));
      });
  add("shared values", {.witnessed = false}, 1, 2,
      [to = targets.publisher](auto* self, uint32_t, ledger& books, next then) {
        read_shared(self, to, books, std::move(then));
      });
  add("tasks, short", {}, 1, 8, [tasks = targets.tasks](auto* self, uint32_t, ledger& books, next then) {
    run<&short_task>(self, tasks, books, std::move(then));
  });
  add("tasks, long", {}, 1, 2, [tasks = targets.tasks](auto* self, uint32_t, ledger& books, next then) {
    run<&long_task>(self, tasks, books, std::move(then));
  });
  add("tasks, tried again", {.retried = true}, 1, 4,
      [tasks = targets.tasks.with({.retries_max = 100})](auto* self, uint32_t, ledger& books, next then) {
        run<&short_task>(self, tasks, books, std::move(then));
      });
  add("coroutines", {.witnessed = false}, 1, 4,
      [targets](auto* self, uint32_t, ledger& books, next then) { await_one(self, targets, books, std::move(then)); });
}

traffic::~traffic() {
  for (auto& x : senders_)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

caf::behavior traffic::sender(caf::event_based_actor* self, const std::atomic<bool>* running, uint32_t at_once,
                              std::function<void(next)> send) {
  auto under_way = std::make_shared<uint32_t>(0);
  auto more = std::make_shared<std::function<void()>>();
  *more = [=, weak = std::weak_ptr{more}] {
    while (*running && *under_way < at_once) {
      ++*under_way;
      send([under_way, weak] {
        --*under_way;
        if (auto go_on = weak.lock())
          (*go_on)();
      });
    }
  };
  (void) self;
  return {[more](caf::tick_atom) { (*more)(); }};
}

void traffic::add(std::string name, promise what, uint32_t senders, uint32_t at_once, issue send) {
  auto& books = open_books(std::move(name), what);
  for (uint32_t i = 0; i < senders; ++i) {
    auto number = static_cast<uint32_t>(senders_.size());
    senders_.push_back(sys_.spawn([this, &books, number, at_once, send](caf::event_based_actor* self) {
      return sender(self, &running_, at_once, [=, &books](next then) { send(self, number, books, std::move(then)); });
    }));
  }
}

ledger& traffic::open_books(std::string name, promise what) {
  return books_.emplace_back(std::move(name), what);
}

void traffic::go_on() {
  running_ = true;
  for (auto& x : senders_)
    caf::anon_send(x, caf::tick_atom_v);
}

void traffic::hold() {
  running_ = false;
}

bool traffic::settles() const {
  return test_support::eventually(
    [this] { return std::all_of(books_.begin(), books_.end(), [](const ledger& x) { return x.under_way() == 0; }); });
}

uint64_t traffic::sent() const {
  return std::accumulate(books_.begin(), books_.end(), uint64_t{0},
                         [](uint64_t sum, const ledger& x) { return sum + x.sent(); });
}

} // namespace soak
