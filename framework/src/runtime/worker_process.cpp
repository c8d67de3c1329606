#include "bulkhead/runtime/worker_process.hpp"

#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/spare_pool.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/task_runner.hpp"
#include "bulkhead/runtime/worker_output.hpp"

#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <utility>

namespace bulkhead::runtime {

worker_process::worker_process(host_system& host, transport::process_number number, worker_place place,
                               worker_options options, bool stays, std::shared_ptr<supervised_slot> slot,
                               std::weak_ptr<spare_pool> spare_of)
  : host_(host),
    number_(number),
    place_(place),
    options_(std::move(options)),
    stays_(stays),
    slot_(std::move(slot)),
    spare_of_(std::move(spare_of)),
    pidfd_(std::in_place, host.the_keeper().context()),
    control_(std::in_place, host.the_keeper().context()),
    timer_(std::in_place, host.the_keeper().context()) {
  // nop
}

worker_process::~worker_process() {
  if (pidfd_ && pidfd_->is_open())
    pidfd_->release(); // the process owns it
}

std::shared_ptr<link> worker_process::the_link() const {
  std::lock_guard guard{mutex_};
  return link_;
}

bool worker_process::take_over(const worker_place& place, std::shared_ptr<supervised_slot> slot) {
  if (!ready())
    return false;
  // Its end may be there and not have been looked at yet.
  if (auto status = process_->try_reap()) {
    on_exit(*status);
    return false;
  }
  place_ = place;
  {
    std::lock_guard guard{mutex_};
    slot_ = std::move(slot);
  }
  spare_of_.reset();
  return true;
}

void worker_process::hold(std::shared_ptr<spare_pool> spares) {
  spares_ = std::move(spares);
}

// -- roots --------------------------------------------------------------------

void worker_process::spawn(transport::spawn_request what, spawn_callback done) {
  spawn_root(host_.system().next_actor_id(), std::move(what), std::move(done));
}

void worker_process::spawn_root(uint64_t id, transport::spawn_request what, spawn_callback done) {
  std::shared_ptr<link> via;
  if (!alive()) {
    done(caf::make_error(errc::shutting_down, "the worker is not running"));
    return;
  }
  if (auto failed = make_root(id, what, done, via)) {
    done(std::move(failed));
    return;
  }
  limit_spawn(id);
  via->spawn(id, what);
  // The worker may have died between: then its end has taken the root, or it is this thread's to take.
  if (via->closed())
    if (auto left = take_root(id); left && left->done)
      left->done(caf::make_error(errc::shutting_down));
}

caf::error worker_process::make_root(uint64_t id, const transport::spawn_request& what, spawn_callback done,
                                     std::shared_ptr<link>& via) {
  std::lock_guard guard{mutex_};
  if (!link_ || state_ != state::ready || link_->closed())
    return caf::make_error(errc::shutting_down, "the worker is not running");
  caf::strong_actor_ptr proxy;
  if (!slot_) {
    caf::actor_config cfg;
    proxy = caf::make_actor<caf_proxy, caf::strong_actor_ptr>(id, host_.system().node(), &host_.system(), cfg, link_,
                                                              wire_address{transport::host_process, id});
    static_cast<caf_proxy*>(proxy->get())->message_types(what.interface);
    host_.routes().alias({transport::host_process, id}, proxy);
  }
  auto deadline = std::make_shared<limit_timer>(host_.the_keeper().context());
  roots_.emplace(id, root{std::move(done), std::move(proxy), 0, std::move(deadline), what.name});
  via = link_;
  return {};
}

// An actor that hangs while it is constructed must not hang whoever waits for it.
void worker_process::limit_spawn(uint64_t id) {
  host_.the_keeper().post([self = shared_from_this(), id] {
    std::lock_guard guard{self->mutex_};
    auto i = self->roots_.find(id);
    if (i == self->roots_.end() || !i->second.done)
      return;
    auto& deadline = *i->second.deadline;
    auto now = std::chrono::steady_clock::now();
    // The first turn of an actor is part of the start of its process.
    auto with_process = !self->stays_ && self->start_deadline_ > now;
    deadline.start(with_process ? self->start_deadline_ - now : self->options_.startup_timeout,
                   [self, id] { self->on_spawn_timeout(id); });
  });
}

void worker_process::on_spawn_timeout(uint64_t id) {
  spawn_callback done;
  caf::strong_actor_ptr proxy;
  {
    std::lock_guard guard{mutex_};
    auto i = roots_.find(id);
    if (i == roots_.end() || !i->second.done)
      return;
    done = std::exchange(i->second.done, nullptr);
    proxy = std::move(i->second.proxy);
  }
  // Should it come up after all, nobody will know it.
  if (proxy)
    caf::anon_send_exit(proxy, caf::exit_reason::kill);
  if (!stays_) {
    hit_limit("startup_timeout", static_cast<uint64_t>(options_.startup_timeout.count()));
    kill();
  }
  done(caf::make_error(errc::startup_timeout, options_.startup_timeout.count()));
}

std::optional<worker_process::root> worker_process::take_root(uint64_t id) {
  std::lock_guard guard{mutex_};
  auto i = roots_.find(id);
  if (i == roots_.end())
    return std::nullopt;
  auto result = std::move(i->second);
  roots_.erase(i);
  return result;
}

bool worker_process::owns_root(uint64_t id) const {
  std::lock_guard guard{mutex_};
  return slot_ ? slot_->root() == id : roots_.contains(id);
}

bool worker_process::on_rooted(uint64_t id, uint64_t local) {
  caf::strong_actor_ptr proxy;
  {
    std::lock_guard guard{mutex_};
    auto i = roots_.find(id);
    if (i == roots_.end())
      return true;
    if (i->second.local != 0)
      return false;
    i->second.local = local;
    had_roots_ = true;
    proxy = i->second.proxy ? i->second.proxy : host_.routes().find({transport::host_process, id});
  }
  if (!proxy)
    return true;
  static_cast<caf_proxy*>(proxy->get())->local_id(local);
  host_.routes().alias({number_, local}, proxy);
  return true;
}

void worker_process::on_spawned(uint64_t id, caf::error reason) {
  if (id == initializer_root) {
    host_.the_keeper().post([self = shared_from_this(), reason] { self->on_initialized(reason); });
    return;
  }
  spawn_callback done;
  caf::strong_actor_ptr proxy;
  {
    std::lock_guard guard{mutex_};
    auto i = roots_.find(id);
    if (i == roots_.end() || !i->second.done)
      return;
    done = std::exchange(i->second.done, nullptr);
    proxy = std::move(i->second.proxy);
    had_roots_ = true;
    host_.the_keeper().post([deadline = std::move(i->second.deadline)] { deadline->cancel(); });
  }
  if (!reason) {
    done(std::move(proxy));
    return;
  }
  on_root_down(id, reason);
  done(std::move(reason));
}

void worker_process::on_root_down(uint64_t id, const caf::error& reason) {
  if (auto gone = take_root(id))
    end_root(id, *gone, reason);
}

void worker_process::end_root(uint64_t id, root& what, const caf::error& reason) {
  auto& routes = host_.routes();
  if (slot_) {
    if (what.local != 0)
      routes.forget_alias({number_, what.local});
    if (alive() && !(what.done && reason == caf::sec::runtime_error))
      slot_->root_ended(*this, reason);
  } else {
    routes.exports().ended({transport::host_process, id}, reason);
    routes.end({transport::host_process, id}, reason);
    if (what.local != 0)
      routes.end({number_, what.local}, reason);
  }
  if (!what.done)
    return;
  // CAF reports an exception by this code. Any other end is one that a local actor may have right after its spawn too.
  if (reason == caf::sec::runtime_error)
    what.done(caf::make_error(errc::constructor_failed, to_string(reason)));
  else if (alive())
    what.done(std::move(what.proxy));
  else
    what.done(reason);
}

} // namespace bulkhead::runtime
