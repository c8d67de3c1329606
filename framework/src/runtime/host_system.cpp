#include "bulkhead/runtime/host_system.hpp"

#include "bulkhead/platform/kernel_features.hpp"
#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/actor_pool.hpp"
#include "bulkhead/runtime/caf_node.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/router.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"
#include "bulkhead/transport/foreign_call.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>

#include <caf/mailbox_element.hpp>

#include <algorithm>
#include <future>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// Whoever wrote it: what a worker said may stand in any line.
constexpr size_t log_line_bytes_max = 16 * 1024;

} // namespace

host_system::host_system(caf::actor_system& system, wait_options waiting, certificate_files certificates,
                         dead_letter_limits letters, caf::error wrong)
  : caf_scheduler(system, transport::host_process, make_system_key(), waiting),
    environment_(platform::environment()),
    unusable_(std::move(wrong)),
    dead_letters_(letters.letters_max, letters.bytes_max) {
  reporter_ = std::make_unique<death_reporter>(
    std::move(certificates), [this](const death_certificate& what) { publish(what); },
    [this](std::string lines) { log(std::move(lines)); }, environment_);
  if (auto missing = platform::missing_kernel_feature())
    unusable_ = caf::make_error(errc::startup_failed, *missing);
  // CAF's I/O module, if it is loaded too, puts its own id here later; both work.
  set_node(system, make_node(transport::host_process, routes().key()));
  log_sink_ = [](std::string_view line) {
    constexpr int standard_error = 2;
    (void) platform::write_if_ready(standard_error, std::string{line} + "\n");
  };
}

host_system::~host_system() = default;

host_system* host_system::of(caf::actor_system& system) noexcept {
  return dynamic_cast<host_system*>(&system.scheduler());
}

void host_system::log(std::string lines) {
  the_keeper().post([this, lines = std::move(lines)] {
    std::function<void(std::string_view)> sink;
    {
      std::lock_guard guard{mutex_};
      sink = log_sink_;
    }
    if (!sink)
      return;
    for (std::string_view rest = lines; !rest.empty();) {
      auto line = rest.substr(0, rest.find('\n'));
      transport::call_foreign("the sink given to host::log_to", sink, printable(line, log_line_bytes_max));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
  });
}

void host_system::log_to(std::function<void(std::string_view line)> sink) {
  std::lock_guard guard{mutex_};
  log_sink_ = std::move(sink);
}

void host_system::subscribe(const caf::strong_actor_ptr& listener) {
  std::lock_guard guard{mutex_};
  listeners_.add(listener);
}

void host_system::publish(const backlog_event& what) {
  // What the host itself drops is counted where it does so.
  if (what.what == backlog_incident::dropped && !what.to_worker)
    note_dropped(what.messages);
  send_all(caf::make_message(what));
}

void host_system::publish(const supervision_event& what) {
  send_all(caf::make_message(what));
}

void host_system::publish(const death_certificate& what) {
  dead_letters_.note(what);
  send_all(caf::make_message(what));
}

void host_system::report(draft_certificate what) {
  reporter_->report(std::move(what));
}

bool host_system::memory_ran_out() {
  return oom_kills_.any_more();
}

void host_system::send_all(const caf::message& what) {
  std::unique_lock guard{mutex_};
  auto all = listeners_.living();
  guard.unlock();
  for (auto& x : all)
    x->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, what), &routes().context());
}

void host_system::waits_of(transport::process_number process, std::vector<wait_edge> all) {
  for (auto& x : all) {
    x.waits = routes().usual(x.waits);
    x.on = routes().usual(x.on);
    x.cause_of = routes().usual(x.cause_of);
    if (auto waits = routes().find(x.waits))
      if (auto proxy = as_proxy(waits); proxy != nullptr && proxy->slot())
        x.tag = proxy->slot()->tag();
  }
  look_behind_pools(all);
  {
    std::lock_guard guard{mutex_};
    waits_of_all_.update(process, std::move(all));
  }
  check_soon();
}

// Whoever asks a pool waits for the member that has the request, or for all of those that may take it.
void host_system::look_behind_pools(std::vector<wait_edge>& all) {
  std::unique_lock guard{mutex_};
  auto pools = pools_;
  guard.unlock();
  for (auto& x : all) {
    auto pool = std::find_if(pools.begin(), pools.end(), [&](auto& one) { return one->is_at(x.on); });
    if (x.request == 0 || pool == pools.end())
      continue;
    request_key key{x.waits.process, x.waits.actor, x.request | x.tag};
    // One that it was given itself goes back under its own number.
    request_key own{x.waits.process, x.waits.actor, x.request};
    x.any_of = (*pool)->takers_of(key);
    for_each_link([&](link& via) {
      if (auto member = via.requests().target_of(key))
        x.on = *member;
      else if (via.requests().target_of(own) == x.waits)
        x.on = x.waits;
    });
  }
}

bool host_system::on_waiting(std::vector<wait_edge> all) {
  for (auto& x : all)
    x.cause_of = routes().usual(x.cause_of);
  look_behind_pools(all);
  std::unique_lock guard{mutex_};
  waits_of_all_.update(transport::host_process, std::move(all));
  auto circles = waits_of_all_.look();
  auto asked = waits_of_all_.asked();
  guard.unlock();
  for (auto& x : circles)
    break_circle(x);
  if (asked.contains(transport::host_process))
    ask_who_waits();
  for_each_link([&](link& x) {
    if (asked.contains(x.peer()))
      x.tell_waits({});
  });
  return !asked.empty();
}

void host_system::on_lapsed(const request_set& over) {
  std::unique_lock guard{mutex_};
  auto supervised = supervised_;
  auto pools = pools_;
  guard.unlock();
  for (auto& x : pools)
    x->lapse(over);
  for (auto& x : supervised)
    x->lapse(over);
}

// One of them goes on: it may handle what the one before it waits for. A wait for room ends without loss; a request fails, best
// one that nobody has begun to handle.
void host_system::break_circle(const std::vector<wait_edge>& circle) {
  auto weight = [](const wait_edge& x) { return x.request == 0 ? 0 : x.untouched ? 1 : 2; };
  auto& weakest =
    *std::min_element(circle.begin(), circle.end(), [&](auto& x, auto& y) { return weight(x) < weight(y); });
  auto text = describe(circle);
  if (weakest.process == transport::host_process && request_waits::is_one(weakest.id))
    end_wait(weakest.id, text);
  for_each_link([&](link& x) {
    if (x.peer() == weakest.process)
      x.break_circle_there(weakest.id, weakest.on, text);
    else if (weakest.process == transport::host_process && weakest.request == 0 && routes().reaches(x, weakest.on))
      x.break_circle(weakest.on, text);
  });
}

void host_system::ended(const std::shared_ptr<worker_process>& who) {
  std::lock_guard guard{mutex_};
  if (auto via = who->the_link())
    dropped_elsewhere_ += via->dropped();
  waits_of_all_.forget(who->number());
  workers_.erase(who);
  all_ended_.notify_all();
}

void host_system::ended(const std::shared_ptr<supervised_slot>& who) {
  std::lock_guard guard{mutex_};
  supervised_.erase(who);
  all_ended_.notify_all();
}

void host_system::ended(const std::shared_ptr<actor_pool>& who) {
  std::lock_guard guard{mutex_};
  pools_.erase(who);
  all_ended_.notify_all();
}

void host_system::note_dropped(uint64_t count) {
  std::lock_guard guard{mutex_};
  dropped_elsewhere_ += count;
}

size_t host_system::live_workers() const {
  std::lock_guard guard{mutex_};
  return workers_.size();
}

uint64_t host_system::dropped_messages() const {
  std::lock_guard guard{mutex_};
  auto result = dropped_elsewhere_;
  for (auto& x : workers_)
    if (auto via = x->the_link())
      result += via->dropped();
  return result;
}

bool host_system::kill(const caf::strong_actor_ptr& actor, std::chrono::milliseconds grace) {
  if (auto pool = as_pool(actor))
    return pool->terminate(grace);
  auto proxy = actor ? as_proxy(actor) : nullptr;
  if (proxy == nullptr)
    return false;
  if (auto& slot = proxy->slot()) {
    slot->terminate(grace);
    return true;
  }
  auto via = proxy->via();
  std::unique_lock guard{mutex_};
  auto found = std::find_if(workers_.begin(), workers_.end(), [&via](auto& x) { return x->the_link() == via; });
  auto who = found != workers_.end() ? *found : nullptr;
  guard.unlock();
  if (who == nullptr)
    return false;
  who->terminate(grace);
  return true;
}

void host_system::stop() {
  stop_workers();
  reporter_->stop();
  // What it has logged waits there, and what the fork servers leave behind.
  std::promise<void> done;
  the_keeper().post([this, &done] {
    close_fork_servers();
    the_keeper().post([&done] { done.set_value(); });
  });
  done.get_future().wait();
  stop_actors();
  join();
}

// Ends: each worker is killed when it does not go by itself, and a killed process is reaped.
void host_system::stop_workers() {
  std::unique_lock guard{mutex_};
  closing_ = true;
  auto all = workers_;
  auto supervised = supervised_;
  auto pools = pools_;
  guard.unlock();
  for (auto& x : pools)
    x->finish(caf::make_error(caf::exit_reason::user_shutdown));
  pools.clear();
  for (auto& x : supervised)
    x->stop();
  supervised.clear();
  for (auto& x : all)
    x->stop();
  all.clear();
  guard.lock();
  all_ended_.wait(guard, [this] { return workers_.empty() && supervised_.empty() && pools_.empty() && spawns_ == 0; });
}

} // namespace bulkhead::runtime
