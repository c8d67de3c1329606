#include "bulkhead/host.hpp"

#include "bulkhead/main.hpp"
#include "bulkhead/platform/saturating.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/actor_pool.hpp"
#include "bulkhead/runtime/caf_proxy.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_main.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <caf/action.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/config_option_adder.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/mailbox_element.hpp>

#include <cstdio>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead {

namespace {

// Every start and spawn is answered: by the worker, by its end, or by the timeout of its start.
template <class T>
class answer {
public:
  std::function<void(caf::expected<T>)> callback() {
    return [promise = promise_](caf::expected<T> result) { promise->set_value(std::move(result)); };
  }

  caf::expected<T> wait() {
    return promise_->get_future().get();
  }

private:
  std::shared_ptr<std::promise<caf::expected<T>>> promise_ = std::make_shared<std::promise<caf::expected<T>>>();
};

/// A worker on its way to the actor that wanted it; stopped if that has ended meanwhile.
class started_worker {
public:
  explicit started_worker(caf::expected<worker> result) : result_(std::move(result)) {
    // nop
  }

  ~started_worker() {
    if (!taken_ && result_)
      result_->stop();
  }

  started_worker(const started_worker&) = delete;
  started_worker& operator=(const started_worker&) = delete;

  const caf::expected<worker>& take() {
    taken_ = true;
    return result_;
  }

private:
  caf::expected<worker> result_;
  bool taken_ = false;
};

std::optional<wait_strategy> strategy_named(std::string_view name) {
  if (name == "adaptive")
    return wait_strategy::adaptive;
  if (name == "park")
    return wait_strategy::park;
  if (name == "busy")
    return wait_strategy::busy;
  return std::nullopt;
}

// Errors are messages, too: without the ids of CAF and Bulkhead none could be told.
caf::error find_missing_types() {
  auto core = transport::is_initialized(caf::type_id_v<caf::error>);
  auto own = transport::is_initialized(caf::type_id_v<errc>);
  if (!core)
    caf::core::init_global_meta_objects();
  if (!own)
    detail::init_own_types();
  if (core && own)
    return {};
  std::fprintf(stderr, "bulkhead: %s\n", explain(errc::types_not_initialized));
  return caf::make_error(errc::types_not_initialized, explain(errc::types_not_initialized));
}

/// Waiting for a process on a thread that runs actors, or that starts processes, could wait for itself.
/// @returns `would_block` with what to call instead; empty if the calling thread may wait.
caf::error may_not_wait(const char* instead) {
  if (runtime::keeper::runs_here())
    return caf::make_error(errc::would_block, "a callback of the host must not wait: let another thread do it");
  if (runtime::caf_scheduler::current_unit() != nullptr)
    return caf::make_error(errc::would_block, "waiting here would block a thread that runs actors: use "
                                                + std::string{instead} + " in an actor");
  return {};
}

} // namespace

host host::of(caf::actor_system& system) noexcept {
  return host{runtime::host_system::of(system)};
}

caf::expected<caf::strong_actor_ptr> host::spawn_and_wait(const worker_options& options,
                                                          transport::spawn_request what) {
  if (impl_ == nullptr)
    return runtime::no_host_error();
  if (auto refused = may_not_wait("spawn_async"))
    return refused;
  answer<caf::strong_actor_ptr> result;
  start_spawn(options, std::move(what), result.callback());
  return result.wait();
}

void host::start_spawn(const worker_options& options, transport::spawn_request what, detail::spawn_done done) {
  if (impl_ == nullptr)
    done(runtime::no_host_error());
  else if (what.wrong)
    done(std::move(what.wrong));
  else
    impl_->spawn(options, std::move(what), std::move(done));
}

caf::expected<caf::strong_actor_ptr> host::pool_and_wait(const pool_options& options, transport::spawn_request what) {
  if (impl_ == nullptr)
    return runtime::no_host_error();
  if (auto refused = may_not_wait("pool_async"))
    return refused;
  answer<caf::strong_actor_ptr> result;
  start_pool(options, std::move(what), result.callback());
  return result.wait();
}

void host::start_pool(const pool_options& options, transport::spawn_request what, detail::spawn_done done) {
  if (impl_ == nullptr)
    done(runtime::no_host_error());
  else if (what.wrong)
    done(std::move(what.wrong));
  else
    impl_->spawn_pool(options, std::move(what), std::move(done));
}

caf::expected<worker> host::start_worker(const worker_options& options) {
  if (impl_ == nullptr)
    return runtime::no_host_error();
  if (auto refused = may_not_wait("start_worker_async"))
    return refused;
  answer<std::shared_ptr<runtime::worker_process>> result;
  (void) impl_->start_worker(options, result.callback());
  auto started = result.wait();
  if (!started)
    return std::move(started.error());
  return worker{std::move(*started)};
}

void host::start_worker_async(caf::event_based_actor* self, const worker_options& options,
                              std::function<void(caf::expected<worker>)> then) {
  auto deliver = [receiver = caf::strong_actor_ptr{self->ctrl()},
                  then = std::move(then)](caf::expected<worker> result) {
    auto started = std::make_shared<started_worker>(std::move(result));
    auto action = caf::make_action([then, started] { then(started->take()); });
    receiver->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::move(action)), nullptr);
  };
  if (impl_ == nullptr) {
    deliver(runtime::no_host_error());
    return;
  }
  (void) impl_->start_worker(options, [deliver](caf::expected<std::shared_ptr<runtime::worker_process>> started) {
    if (started)
      deliver(worker{std::move(*started)});
    else
      deliver(std::move(started.error()));
  });
}

bool host::recycle(const caf::actor& actor) {
  auto pointer = caf::actor_cast<caf::strong_actor_ptr>(actor);
  if (auto pool = runtime::as_pool(pointer)) {
    pool->recycle();
    return true;
  }
  auto proxy = impl_ != nullptr && pointer ? runtime::as_proxy(pointer) : nullptr;
  if (proxy == nullptr || !proxy->slot())
    return false;
  proxy->slot()->recycle();
  return true;
}

bool host::kill(const caf::actor& actor, std::chrono::milliseconds grace) {
  return impl_ != nullptr && impl_->kill(caf::actor_cast<caf::strong_actor_ptr>(actor), grace);
}

std::optional<pool_status> host::status(const caf::actor& pool) const {
  auto found = runtime::as_pool(caf::actor_cast<caf::strong_actor_ptr>(pool));
  return found != nullptr ? std::optional{found->status()} : std::nullopt;
}

future<size_t> host::drain(const caf::actor& actor, std::chrono::milliseconds within) {
  auto result = std::make_shared<runtime::outcome<size_t>>();
  auto done = [result](size_t left) { result->set(left); };
  auto until = platform::saturating_sum(std::chrono::steady_clock::now(), within);
  auto pointer = caf::actor_cast<caf::strong_actor_ptr>(actor);
  auto proxy = impl_ != nullptr && pointer ? runtime::as_proxy(pointer) : nullptr;
  if (auto pool = runtime::as_pool(pointer))
    pool->drain(until, done);
  else if (proxy != nullptr && proxy->slot())
    proxy->slot()->drain(until, done);
  else
    result->fail(caf::make_error(caf::sec::invalid_argument, "only supervised actors and pools can be drained"));
  return future<size_t>{std::move(result)};
}

future<void> host::upgrade(const caf::actor& actor, const upgrade_options& options) {
  auto result = std::make_shared<runtime::outcome<void>>();
  auto done = [result](caf::error failed) {
    if (failed)
      result->fail(std::move(failed));
    else
      result->set({});
  };
  if (impl_ == nullptr)
    done(runtime::no_host_error());
  else
    impl_->upgrade(caf::actor_cast<caf::strong_actor_ptr>(actor), options, done);
  return future<void>{std::move(result)};
}

size_t host::live_workers() const {
  return impl_ == nullptr ? 0 : impl_->live_workers();
}

size_t host::ready_spares() const {
  return impl_ == nullptr ? 0 : impl_->ready_spares();
}

uint64_t host::dropped_messages() const {
  return impl_ == nullptr ? 0 : impl_->dropped_messages();
}

std::vector<dead_letter> host::dead_letters() const {
  return impl_ == nullptr ? std::vector<dead_letter>{} : impl_->dead_letters().all();
}

std::vector<dead_letter> host::take_dead_letters() {
  return impl_ == nullptr ? std::vector<dead_letter>{} : impl_->dead_letters().take();
}

void host::subscribe(const caf::actor& listener) {
  if (impl_ != nullptr)
    impl_->subscribe(caf::actor_cast<caf::strong_actor_ptr>(listener));
}

void host::log_to(std::function<void(std::string_view line)> sink) {
  if (impl_ != nullptr)
    impl_->log_to(std::move(sink));
}

void host::add_module_options(caf::actor_system_config& cfg) {
  caf::config_option_adder{cfg.custom_options(), "bulkhead"}
    .add<std::string>("wait", "how the host waits for messages: adaptive, park or busy")
    .add<uint32_t>("spin-ns", "how long it spins before it sleeps, in nanoseconds; 0 measures it")
    .add<std::string>("certificates-dir", "a folder for the certificates of workers that died, as JSON files")
    .add<uint32_t>("certificates-max", "how many of these files are kept")
    .add<uint32_t>("dead-letters-max", "how many messages are kept that killed each process that handled them")
    .add<uint64_t>("dead-letters-bytes-max", "how large all of them may be together");
}

caf::actor_system::module* host::make(caf::actor_system& system, caf::detail::type_list<>) {
  auto& cfg = system.config();
  auto name = caf::get_or(cfg, "bulkhead.wait", std::string{"adaptive"});
  auto strategy = strategy_named(name);
  auto wrong = find_missing_types();
  if (auto refused = runtime::refuse_host())
    wrong = refused;
  if (!strategy)
    wrong = caf::make_error(errc::invalid_option, "bulkhead.wait", "must be adaptive, park or busy, and is " + name);
  // An exception would leave CAF with half an actor system, so the error waits for who wants something.
  runtime::certificate_files certificates{caf::get_or(cfg, "bulkhead.certificates-dir", std::string{}),
                                          caf::get_or(cfg, "bulkhead.certificates-max", uint32_t{100})};
  if (certificates.folder.empty() && caf::get_as<uint32_t>(cfg, "bulkhead.certificates-max"))
    wrong = caf::make_error(errc::invalid_option, "bulkhead.certificates-max",
                            "has no effect without bulkhead.certificates-dir");
  if (certificates.files_max == 0)
    wrong = caf::make_error(errc::invalid_option, "bulkhead.certificates-max", "must be at least 1");
  if (!wrong)
    platform::survive_broken_pipes();
  runtime::dead_letter_limits letters;
  return new runtime::host_system{
    system,
    {strategy.value_or(wait_strategy::adaptive), caf::get_or(cfg, "bulkhead.spin-ns", uint32_t{0})},
    std::move(certificates),
    {caf::get_or(cfg, "bulkhead.dead-letters-max", letters.letters_max),
     caf::get_or(cfg, "bulkhead.dead-letters-bytes-max", letters.bytes_max)},
    wrong};
}

caf::expected<caf::strong_actor_ptr> worker::spawn_and_wait(transport::spawn_request what) {
  if (auto refused = may_not_wait("spawn_async"))
    return refused;
  answer<caf::strong_actor_ptr> result;
  start_spawn(std::move(what), result.callback());
  return result.wait();
}

void worker::start_spawn(transport::spawn_request what, detail::spawn_done done) {
  if (what.wrong)
    done(std::move(what.wrong));
  else
    impl_->spawn(std::move(what), std::move(done));
}

void worker::stop() {
  impl_->stop();
}

void worker::kill() {
  impl_->kill();
}

int worker::pid() const {
  return impl_->pid();
}

uint32_t worker::slot() const {
  return impl_->place().slot;
}

bool worker::alive() const {
  return impl_->alive();
}

} // namespace bulkhead
