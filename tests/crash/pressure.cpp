#include "crash/pressure.hpp"

#include <chrono>
#include <numeric>
#include <utility>

#include <unistd.h>

namespace crash {

struct backlog_events::store {
  mutable std::mutex mutex;
  std::vector<bulkhead::backlog_event> all;
};

namespace {

struct sink_state {
  std::vector<int32_t> kept;
};

caf::behavior sink(caf::stateful_actor<sink_state>* self, int32_t microseconds) {
  return {
    [=](caf::put_atom, int32_t x) {
      for (auto end = std::chrono::steady_clock::now() + std::chrono::microseconds{microseconds};
           std::chrono::steady_clock::now() < end;)
        continue;
      self->state.kept.push_back(x);
    },
    [=](caf::get_atom) { return self->state.kept; },
    [](caf::add_atom, int32_t x) { return x + 1; },
  };
}

struct source_state {
  caf::actor to;
  int32_t sent = 0;
  int32_t taken = 0;
};

// One message in each handler: the next one is a message to itself.
caf::message_handler sending(caf::stateful_actor<source_state>* self) {
  return {
    [=](const caf::actor& to, int32_t count) {
      self->state.to = to;
      self->send(self, caf::tick_atom_v, count);
    },
    [=](caf::tick_atom, int32_t count) {
      if (self->state.sent >= count)
        return;
      self->send(self->state.to, caf::put_atom_v, self->state.sent++);
      self->send(self, caf::tick_atom_v, count);
    },
  };
}

caf::behavior source(caf::stateful_actor<source_state>* self) {
  return sending(self).or_else([=](caf::get_atom) { return self->state.sent; });
}

caf::behavior flooder(caf::stateful_actor<source_state>* self) {
  return sending(self).or_else([](caf::get_atom, caf::ok_atom) { return static_cast<int32_t>(::getpid()); },
                               [=](caf::update_atom, const caf::actor& to, int32_t count) {
                                 for (self->state.sent = 0; self->state.sent < count; ++self->state.sent)
                                   self->send(to, caf::put_atom_v, self->state.sent);
                               },
                               [=](caf::put_atom, int32_t) { ++self->state.taken; },
                               [=](caf::get_atom) {
                                 return std::vector<int32_t>{self->state.sent, self->state.taken};
                               });
}

using test_support::known_actor;

const known_actor pressure_known[] = {
  known_actor{bulkhead::heavy<"sink", sink>::add_to},
  known_actor{bulkhead::heavy<"source", source>::add_to},
  known_actor{bulkhead::heavy<"flooder", flooder>::add_to},
};

} // namespace

bulkhead::worker_options limited(uint64_t messages, bulkhead::overflow when_full) {
  bulkhead::worker_options result;
  result.actor_backlog.messages_max = messages;
  result.when_full = when_full;
  return result;
}

std::vector<int32_t> kept_by(caf::actor_system& sys, const caf::actor& sink) {
  auto result = request<std::vector<int32_t>>(sys, sink, caf::make_message(caf::get_atom_v));
  return result ? *result : std::vector<int32_t>{};
}

int32_t settled(caf::actor_system& sys, const counter& what) {
  caf::scoped_actor self{sys};
  auto last = what->load();
  (void) test_support::eventually([&] {
    self->receive(caf::after(std::chrono::milliseconds{100}) >> [] {});
    return std::exchange(last, what->load()) == last;
  });
  return last;
}

std::vector<int32_t> numbers(int32_t first, int32_t end) {
  std::vector<int32_t> result(static_cast<size_t>(end - first));
  std::iota(result.begin(), result.end(), first);
  return result;
}

caf::actor spawn_source(caf::actor_system& sys, const caf::actor& target, int32_t count, const counter& sent) {
  return sys.spawn([=](caf::event_based_actor* self) -> caf::behavior {
    self->send(self, caf::tick_atom_v);
    return {[=](caf::tick_atom) {
      if (*sent >= count)
        return;
      self->send(target, caf::put_atom_v, sent->load());
      ++*sent;
      self->send(self, caf::tick_atom_v);
    }};
  });
}

caf::actor spawn_sink(caf::actor_system& sys, const caf::actor& gate, const counter& taken) {
  return sys.spawn([=](caf::event_based_actor* self) -> caf::behavior {
    self->request(gate, caf::infinite, caf::ok_atom_v).await([](caf::ok_atom) {}, [](const caf::error&) {});
    return {[=](caf::put_atom, int32_t) { ++*taken; }};
  });
}

caf::actor spawn_gate(caf::actor_system& sys) {
  return sys.spawn([](caf::event_based_actor* self) -> caf::behavior {
    auto waiting = std::make_shared<std::vector<caf::typed_response_promise<caf::ok_atom>>>();
    auto open = std::make_shared<bool>(false);
    return {
      [=](caf::ok_atom) {
        auto promise = self->make_response_promise<caf::ok_atom>();
        if (*open)
          promise.deliver(caf::ok_atom_v);
        else
          waiting->push_back(promise);
        return promise;
      },
      [=](caf::open_atom) {
        *open = true;
        for (auto& x : *waiting)
          x.deliver(caf::ok_atom_v);
        waiting->clear();
      },
    };
  });
}

backlog_events::backlog_events(test_support::host_fixture& f) : store_(std::make_shared<store>()) {
  listener_ = f.sys.spawn([to = store_](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    return {[to](const bulkhead::backlog_event& what) {
      std::lock_guard guard{to->mutex};
      to->all.push_back(what);
    }};
  });
  f.host.subscribe(listener_);
}

backlog_events::~backlog_events() {
  caf::anon_send_exit(listener_, caf::exit_reason::user_shutdown);
}

std::vector<bulkhead::backlog_event> backlog_events::all() const {
  std::lock_guard guard{store_->mutex};
  return store_->all;
}

std::vector<bulkhead::backlog_event> backlog_events::of(bulkhead::backlog_incident what) const {
  auto result = all();
  std::erase_if(result, [what](auto& x) { return x.what != what; });
  return result;
}

} // namespace crash
