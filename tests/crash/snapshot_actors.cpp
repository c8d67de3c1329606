#include "snapshot_actors.hpp"

#include <bulkhead/runtime/worker_system.hpp>
#include <bulkhead/snapshot.hpp>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace crash {

namespace {

enum class handing : int32_t { nothing, sum, throws, hangs, dies, unreadable };

struct big_state {
  std::vector<std::byte> content;

  template <class Inspector>
  friend bool inspect(Inspector& f, big_state& x) {
    return f.object(x).fields(f.field("content", x.content));
  }
};

int64_t inherited_sum(caf::local_actor* self) {
  auto left = bulkhead::last_snapshot<int64_t>(self);
  return left && *left ? **left : -1;
}

int64_t hand_over(handing habit, int64_t sum) {
  switch (habit) {
  case handing::throws:
    throw std::runtime_error{"thrown on purpose"};
  case handing::hangs:
    for (;;)
      ::pause();
  case handing::dies:
    ::raise(SIGKILL);
    break;
  default:
    break;
  }
  return sum;
}

// Where the next handover waits, if it is to wait.
using shared_path = std::shared_ptr<std::string>;

void wait_once(const shared_path& gate) {
  if (gate->empty())
    return;
  std::filesystem::create_directory(*gate + ".begun");
  test_support::gate::wait_for(std::exchange(*gate, {}));
}

void hand_over_as(caf::event_based_actor* self, int32_t habit, std::shared_ptr<int64_t> sum,
                  shared_path gate = std::make_shared<std::string>()) {
  caf::error failed;
  switch (static_cast<handing>(habit)) {
  case handing::nothing:
    return;
  case handing::unreadable:
    failed = bulkhead::on_handover(self, [] { return test_support::unreadable{1}; });
    break;
  default:
    failed = bulkhead::on_handover(self, [habit, sum, gate] {
      auto result = hand_over(static_cast<handing>(habit), *sum);
      wait_once(gate);
      return result;
    });
  }
  if (failed)
    throw std::runtime_error{to_string(failed)};
}

// What an actor is told that has no successor.
std::string attempts(caf::event_based_actor* self) {
  auto left = bulkhead::last_snapshot<int64_t>(self);
  return to_string(bulkhead::snapshot(self, int64_t{1})) + to_string(left ? caf::error{} : left.error())
         + to_string(bulkhead::on_handover(self, [] { return int64_t{1}; }));
}

caf::behavior lodger(caf::event_based_actor* self) {
  auto early = attempts(self);
  return {
    [self, early](caf::get_atom) { return early + attempts(self); },
  };
}

// A process that stands still cannot run an actor beside the one that waits here. One that is only slow is taken for frozen too
// early.
void wait_until_frozen(caf::event_based_actor* self) {
  struct answers {
    std::mutex mutex;
    std::condition_variable changed;
    int count = 0;
  };
  auto seen = std::make_shared<answers>();
  auto beside = self->spawn([seen]() -> caf::behavior {
    return {
      [seen](caf::ping_atom) {
        std::lock_guard guard{seen->mutex};
        ++seen->count;
        seen->changed.notify_one();
      },
    };
  });
  std::unique_lock guard{seen->mutex};
  for (auto asked = 1;; ++asked) {
    caf::anon_send(beside, caf::ping_atom_v);
    if (!seen->changed.wait_for(guard, std::chrono::milliseconds{300}, [&] { return seen->count == asked; }))
      return;
  }
}

// As a worker that does not keep to the rules would.
void leave_garbage(caf::local_actor* self) {
  auto& system = static_cast<bulkhead::runtime::worker_system&>(self->home_system().scheduler());
  (void) system.snapshots().leave(*self, caf::byte_buffer(1000, caf::byte{0xff}));
}

struct memory {
  std::shared_ptr<int64_t> sum = std::make_shared<int64_t>(0);
  caf::typed_response_promise<int32_t> promise;
};

caf::behavior rememberer(caf::stateful_actor<memory>* self, int32_t habit) {
  auto before = inherited_sum(self);
  auto sum = self->state.sum;
  *sum = std::max<int64_t>(before, 0);
  auto handing_waits_at = std::make_shared<std::string>();
  hand_over_as(self, habit, sum, handing_waits_at);
  auto leave = [self](const auto& x) {
    auto failed = bulkhead::snapshot(self, x);
    return failed ? to_string(failed) : std::string{};
  };
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [before](caf::get_atom, int32_t) { return static_cast<int32_t>(before); },
    [sum, leave](caf::add_atom, int32_t x) {
      *sum += x;
      (void) leave(*sum);
      return static_cast<int32_t>(*sum);
    },
    [sum](caf::put_atom, int32_t x) {
      *sum += x;
      return static_cast<int32_t>(*sum);
    },
    [sum, leave](caf::reset_atom) {
      if (*sum == 0)
        *sum = ::getpid();
      (void) leave(*sum);
      return static_cast<int32_t>(*sum);
    },
    [leave](caf::put_atom, int32_t x, int32_t y) {
      for (auto i = int64_t{x}; i <= y; ++i)
        (void) leave(i);
      return y;
    },
    [leave](caf::delete_atom, int32_t x) {
      (void) leave(int64_t{x});
      ::raise(SIGKILL);
    },
    [sum, leave](caf::put_atom, uint64_t count) {
      return leave(big_state{std::vector<std::byte>(count, static_cast<std::byte>(*sum & 0xff))});
    },
    [self](caf::get_atom, uint64_t) {
      auto left = bulkhead::last_snapshot<big_state>(self);
      if (!left || !*left)
        return int32_t{-2};
      auto& content = (*left)->content;
      auto whole = std::all_of(content.begin(), content.end(), [&](auto x) { return x == content.front(); });
      return whole ? static_cast<int32_t>(content.size()) : int32_t{-1};
    },
    [self](caf::get_atom, const std::string&) {
      auto left = bulkhead::last_snapshot<std::string>(self);
      return left ? std::string{} : to_string(left.error());
    },
    [self](caf::delete_atom, const std::string&) {
      leave_garbage(self);
      ::raise(SIGKILL);
    },
    [self](caf::spawn_atom) {
      auto promise = self->make_response_promise<std::string>();
      self->request(self->spawn(lodger), test_support::patience, caf::get_atom_v)
        .then([promise](const std::string& told) mutable { promise.deliver(told); },
              [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
      return promise;
    },
    [self](caf::tick_atom, const std::string& folder) { self->send(self, caf::tick_atom_v, folder, int32_t{1}); },
    [self, sum](caf::tick_atom, const std::string& folder, int32_t x) {
      std::filesystem::create_directory(folder);
      wait_until_frozen(self);
      *sum += x;
    },
    [self, handing_waits_at](caf::link_atom, const std::string& path) {
      *handing_waits_at = path;
      self->set_exit_handler([](caf::exit_msg&) {});
      return int32_t{0};
    },
    [self](caf::open_atom) {
      self->state.promise = self->make_response_promise<int32_t>();
      return self->state.promise;
    },
    [self](caf::close_atom, int32_t x) { self->state.promise.deliver(x); },
  };
}

class remembering_class final : public caf::event_based_actor {
public:
  remembering_class(caf::actor_config& cfg, int32_t habit) : caf::event_based_actor(cfg), before_(inherited_sum(this)) {
    *sum_ = std::max<int64_t>(before_, 0);
    hand_over_as(this, habit, sum_);
    if (before_ < 0)
      first_ = bulkhead::snapshot(this, int64_t{1000});
  }

  caf::behavior make_behavior() override {
    return {
      [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
      [this](caf::get_atom, int32_t) { return first_ ? int32_t{-2} : static_cast<int32_t>(before_); },
      [this](caf::put_atom, int32_t x) {
        *sum_ += x;
        return static_cast<int32_t>(*sum_);
      },
    };
  }

private:
  int64_t before_;
  std::shared_ptr<int64_t> sum_ = std::make_shared<int64_t>(0);
  caf::error first_;
};

caf::behavior doomed(caf::event_based_actor* self) {
  if (inherited_sum(self) >= 0)
    throw std::runtime_error{"I cannot live with that"};
  if (auto failed = bulkhead::snapshot(self, int64_t{1}))
    throw std::runtime_error{to_string(failed)};
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
  };
}

const test_support::known_actor rememberer_known{bulkhead::heavy<"rememberer", rememberer>::add_to};
const test_support::known_actor detached_known{
  bulkhead::heavy<"detached rememberer", rememberer, caf::detached>::add_to};
const test_support::known_actor class_known{
  bulkhead::heavy_class<"remembering class", remembering_class, int32_t>::add_to};
const test_support::known_actor lodger_known{bulkhead::heavy<"lodger", lodger>::add_to};
const test_support::known_actor doomed_known{bulkhead::heavy<"doomed", doomed>::add_to};

} // namespace

caf::actor spawn_rememberer(test_support::host_fixture& where, const bulkhead::worker_options& options, int32_t habit,
                            const char* name) {
  auto result = where.host.spawn(name, options, habit);
  if (!result)
    throw std::runtime_error{"cannot spawn: " + to_string(result.error())};
  return std::move(*result);
}

int process_of(caf::scoped_actor& self, const caf::actor& who) {
  auto pid = test_support::ask<int32_t>(self, who, caf::get_atom_v);
  if (!pid)
    throw std::runtime_error{"no answer: " + to_string(pid.error())};
  return *pid;
}

void replace_by_death(caf::scoped_actor& self, const caf::actor& who) {
  auto pid = process_of(self, who);
  ::kill(pid, SIGKILL);
  if (!test_support::eventually([&] {
        auto other = test_support::ask<int32_t>(self, who, caf::get_atom_v);
        return other && *other != pid;
      }))
    throw std::runtime_error{"it is not replaced"};
}

} // namespace crash
