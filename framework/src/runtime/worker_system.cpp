#include "bulkhead/runtime/worker_system.hpp"

#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/caf_node.hpp"
#include "bulkhead/runtime/caf_spawn.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/link_hold.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/task_runner.hpp"

#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/ref_counted.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <utility>

namespace bulkhead::runtime {

namespace {

constexpr std::chrono::milliseconds flush_period{1};

using flag = std::shared_ptr<std::atomic<bool>>;

// Runs after the first turn of a new actor: whoever asked for it learns that it is up, or else that it threw.
class start_report final : public caf::resumable, public caf::ref_counted {
public:
  start_report(std::shared_ptr<link> via, uint64_t root, flag is_up)
    : via_(std::move(via)), root_(root), is_up_(std::move(is_up)) {
    // nop
  }

  subtype_t subtype() const override {
    return function_object;
  }

  resume_result resume(caf::execution_unit*, size_t) override {
    *is_up_ = true;
    via_->spawned(root_, {});
    return done;
  }

  void intrusive_ptr_add_ref_impl() override {
    ref();
  }

  void intrusive_ptr_release_impl() override {
    deref();
  }

private:
  std::shared_ptr<link> via_;
  uint64_t root_;
  flag is_up_;
};

// The end of an actor takes its mailbox along, that of its process does not: so an exception ends the process of an actor that has a
// successor. Not while it starts, for then it is an answer to who wants it, nor on a thread of its own, which runs already.
void die_of_exceptions(const caf::strong_actor_ptr& root, const flag& is_up) {
  auto who = dynamic_cast<caf::scheduled_actor*>(root->get());
  if (who == nullptr || who->getf(caf::abstract_actor::is_detached_flag))
    return;
  who->set_exception_handler([is_up](caf::scheduled_actor* self, std::exception_ptr& thrown) {
    if (*is_up)
      std::terminate(); // CAF is in its `catch`: what was thrown is found there
    return caf::scheduled_actor::default_exception_handler(self, thrown);
  });
}

} // namespace

worker_system::worker_system(caf::actor_system& system, const transport::hello& host)
  : caf_scheduler(system, host.number, host.key, {host.wait, host.spin_ns}), host_(host) {
  set_node(system, make_node(host.number, host.key));
  routes().host_node(caf::make_node_id(host.host_node_process, host.host_node_key));
}

worker_system::~worker_system() = default;

void worker_system::connect(transport::edge end, platform::unique_fd lifeline) {
  link_limits limits{{host_.message_bytes_max}, {host_.payload_bytes_max, host_.fallback}, host_.backlog};
  link_ = link::make(routes(), transport::host_process, std::move(end), limits, *this);
  routes().attach(transport::host_process, link_);
  lifeline_ = std::make_unique<boost::asio::posix::stream_descriptor>(the_keeper().context(), lifeline.release());
  the_keeper().post([this] { watch_lifeline(); });
  add(link_);
}

// Nothing is ever said on the control socket after the handshake: it becomes readable when the host has gone.
void worker_system::watch_lifeline() {
  lifeline_->async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code failed) {
    if (failed)
      return;
    if (auto gone = platform::wait_readable(lifeline_->native_handle(), {}); gone && !*gone)
      watch_lifeline(); // see `keeper`
    else
      std::_Exit(0);
  });
}

void worker_system::wait_for_end() {
  {
    std::unique_lock guard{mutex_};
    auto stays = host_.stays != 0;
    auto ended = [&] {
      return leaves_frozen_ || (roots_.empty() && !spawning_ && (stopping_ || (had_roots_ && !stays)));
    };
    changed_.wait(guard, [&] { return owes_frozen_ || ended(); });
    while (owes_frozen_ || !ended()) {
      if (owes_frozen_ && link_->all_sent()) {
        owes_frozen_ = false;
        link_->tell(transport::record_kind::frozen, !handed_over_ && snapshots_.has_source() ? 1 : 0);
      }
      if (owes_frozen_)
        changed_.wait_for(guard, flush_period);
      else
        changed_.wait(guard, [&] { return owes_frozen_ || ended(); });
    }
    guard.unlock();
    // Actors that the roots have spawned may go on; then so does the process.
    if (!stopping_ && !leaves_frozen_)
      system().await_all_actors_done();
  }
  // The loop is still at work on what waits here, and on what the actors left it to do. Bounded by the host, which kills
  // a worker that takes too long.
  std::promise<void> done;
  post([&done] { done.set_value(); });
  done.get_future().wait();
  std::unique_lock guard{mutex_};
  while (!link_->flushed())
    changed_.wait_for(guard, flush_period);
}

bool worker_system::finish() {
  std::promise<caf::error> done;
  post([this, &done] { done.set_value(finalizer_ ? run_initializer(finalizer_) : caf::error{}); });
  auto failed = done.get_future().get();
  if (failed)
    std::fprintf(stderr, "bulkhead: %s\n", explanation_in(failed).c_str());
  // Whatever the threads drop at their end concerns no other process.
  link_->close(std::nullopt);
  stop_loops();
  return !failed;
}

void worker_system::on_spawn(uint64_t root, transport::spawn_request what, caf::execution_unit& unit) {
  caf::strong_actor_ptr actor;
  auto is_up = std::make_shared<std::atomic<bool>>(false);
  auto too_late = [this] {
    std::lock_guard guard{mutex_};
    return stopping_; // the order to stop may have overtaken this one, and is not repeated
  };
  if (too_late()) {
    link_->spawned(root, caf::make_error(errc::shutting_down));
    return;
  }
  if (what.name == initializer_name) {
    link_->spawned(root, run_initializer(what.arguments));
    return;
  }
  if (what.name == finalizer_name) {
    finalizer_ = what.arguments;
    link_->spawned(root, {});
    return;
  }
  {
    // What a constructor sends must not come before the host knows who it is.
    link::hold wait{*link_};
    auto has_successor = host_.tracked_tickets > 0;
    if (has_successor)
      snapshots_.begin(link_, root);
    auto result = spawn_by_name(system(), what, &unit, has_successor ? has_successor_flag : 0);
    if (!result) {
      link_->spawned(root, result.error());
      return;
    }
    actor = std::move(*result);
    if (has_successor)
      die_of_exceptions(actor, is_up);
    auto first = false;
    {
      std::lock_guard guard{mutex_};
      roots_[root] = actor;
      first = !std::exchange(had_roots_, true);
      spawning_ = true;
    }
    if (first)
      platform::name_process(what.name == task_runner_name ? "executor" : what.name);
    system().registry().put(actor->aid, actor);
    routes().alias({transport::host_process, root}, actor);
    link_->rooted(root, actor->aid);
  }
  // CAF calls the last one first: the host learns of the end before this process may end. So it does if the actor has
  // ended already, on a thread of its own, because the process waits until both are in place.
  actor->get()->attach_functor([this, root] { root_ended(root); });
  link_->report_end({transport::host_process, root}, actor);
  {
    std::lock_guard guard{mutex_};
    spawning_ = false;
    if (
      roots_
        .empty()) // else whoever waits for the end would be woken for nothing, and take the core from the actor's first turn
      changed_.notify_all();
  }
  unit.exec_later(new start_report{link_, root, is_up});
}

void worker_system::root_ended(uint64_t root) {
  snapshots_.forget_source();
  routes().forget_alias({transport::host_process, root});
  caf::strong_actor_ptr dropped; // outlives the guard
  std::lock_guard guard{mutex_};
  if (auto i = roots_.find(root); i != roots_.end()) {
    dropped = std::move(i->second);
    roots_.erase(i);
  }
  changed_.notify_all();
}

void worker_system::on_root_released(uint64_t root) {
  caf::strong_actor_ptr dropped;
  {
    std::lock_guard guard{mutex_};
    auto i = roots_.find(root);
    if (i == roots_.end() || !i->second)
      return;
    dropped = std::move(i->second);
    i->second = nullptr;
  }
  routes().exports().unpin_unless_held({routes().self(), dropped->aid}, dropped);
}

void worker_system::on_stop(bool frozen) {
  if (frozen) {
    std::lock_guard guard{mutex_};
    leaves_frozen_ = true;
    owes_frozen_ = false;
    changed_.notify_all();
    return;
  }
  std::vector<caf::strong_actor_ptr> all;
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
    owes_frozen_ = false;
    thaw();
    for (auto& x : roots_)
      all.push_back(x.second ? x.second : routes().resolve({transport::host_process, x.first}));
    changed_.notify_all();
  }
  for (auto& x : all)
    if (x)
      caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  end_waits();
}

bool worker_system::on_waiting(std::vector<wait_edge> all) {
  if (!all.empty() || told_waits_)
    link_->tell_waits(all);
  told_waits_ = !all.empty();
  return false;
}

void worker_system::on_waits_wanted() {
  ask_who_waits();
}

void worker_system::on_circle(uint64_t id, const wire_address& target, const std::string& circle) {
  if (request_waits::is_one(id))
    end_wait(id, circle);
  else
    link_->break_circle(target, circle);
}

void worker_system::on_corrupt(const std::string& complaint) {
  std::fprintf(stderr, "bulkhead: the host's region is damaged: %s\n", complaint.c_str());
  std::_Exit(70);
}

} // namespace bulkhead::runtime
