#include "bulkhead/runtime/herald.hpp"

#include "bulkhead/shm/change_watch.hpp"
#include "bulkhead/transport/errc.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <utility>
#include <vector>

namespace bulkhead::runtime {

namespace {

struct herald_state {
  struct waiter {
    caf::typed_response_promise<uint64_t> promise;
    uint64_t seen;
  };

  static inline const char* name = "bulkhead.herald";

  // Requests that timed out at whoever sent them, or whose sender has ended, are not told of; they must not add up.
  void add(waiter x) {
    if (waiting.size() == herald::waiters_max) {
      waiting.front().promise.deliver(caf::make_error(errc::mailbox_full, "too many wait for one shared value"));
      waiting.erase(waiting.begin());
    }
    waiting.push_back(std::move(x));
    answer();
  }

  // Announces that somebody waits before it looks for the last time, or a change could be missed.
  void answer() {
    for (auto now = version(); !waiting.empty(); now = version()) {
      std::erase_if(waiting, [now](waiter& x) {
        if (x.seen != now)
          x.promise.deliver(now);
        return x.seen != now;
      });
      if (waiting.empty())
        return;
      watch->want();
      if (version() == now)
        return;
    }
  }

  void dismiss() {
    for (auto& x : std::exchange(waiting, {}))
      x.promise.deliver(caf::make_error(caf::sec::request_receiver_down));
  }

  std::shared_ptr<shm::change_watch> watch;
  std::function<uint64_t()> version;
  std::vector<waiter> waiting;
};

caf::behavior herald_actor(caf::stateful_actor<herald_state>* self, std::shared_ptr<shm::change_watch> watch,
                           std::function<uint64_t()> version) {
  self->state.watch = std::move(watch);
  self->state.version = std::move(version);
  self->set_exit_handler([self](const caf::exit_msg& x) {
    self->state.dismiss();
    self->quit(x.reason);
  });
  return {
    [self](caf::wait_for_atom, uint64_t seen) {
      auto result = self->make_response_promise<uint64_t>();
      self->state.add({result, seen});
      return result;
    },
    [self](caf::tick_atom) { self->state.answer(); },
  };
}

} // namespace

// Not hidden: a system that did not wait for its end could stop before it has let go of its memory.
herald::herald(caf::actor_system& system, std::function<uint64_t()> version)
  : watch_(std::make_shared<shm::change_watch>()), actor_(system.spawn(herald_actor, watch_, std::move(version))) {
  // nop
}

herald::~herald() {
  caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown);
}

void herald::changed() {
  if (watch_->take())
    caf::anon_send(actor_, caf::tick_atom_v);
}

} // namespace bulkhead::runtime
