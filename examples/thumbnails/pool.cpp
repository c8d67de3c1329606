#include "pool.hpp"

#include "messages.hpp"

#include <bulkhead/host.hpp>
#include <bulkhead/supervision.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <utility>

namespace thumbnails {

namespace {

/// Before another pool is started after one has ended.
constexpr std::chrono::milliseconds start_again_after{500};

constexpr std::chrono::seconds replacement_grace{1};

bulkhead::pool_options decoders(const pool_options& options) {
  bulkhead::pool_options result;
  result.workers_min = result.workers_max = options.workers;
  result.prefetch_max = 1;
  result.waiting_max = options.waiting_max;
  result.restart = {.when = bulkhead::restart_when::on_crash,
                    .restarts_max = bulkhead::restart_policy::unlimited, // hostile pictures come in crowds
                    .backoff_min = std::chrono::milliseconds{1},
                    .backoff_max = std::chrono::milliseconds{250}};
  result.worker.memory_bytes_max = options.memory_bytes_max;
  result.worker.handler = {options.deadline, bulkhead::overrun::kill};
  result.worker.stop_timeout = std::chrono::milliseconds{0}; // whoever is at work would not hear that it should stop
  return result;
}

class pool_state {
public:
  pool_state(caf::event_based_actor* self, const pool_options& options)
    : self_(self), options_(options), host_(bulkhead::host::of(self->system())) {
    host_.subscribe(caf::actor{self});
    self->set_down_handler([this](const caf::down_msg& down) { lose(down.reason); });
    // Whatever comes before the decoders are up waits in the mailbox.
    host_.pool_async(self, "decoder", decoders(options))
      .await([this](const caf::actor& made) { adopt(made); }, [this](const caf::error& reason) { lose(reason); });
  }

  caf::typed_response_promise<thumbnail> accept(bulkhead::bytes& file, uint32_t width) {
    auto answer = self_->make_response_promise<thumbnail>();
    auto size = file.size();
    if (!is_serving()) {
      answer.deliver(fail(picture_error::no_worker, why_down_.empty() ? "no worker is up" : why_down_, 0));
      return answer;
    }
    if (waiting_bytes_ + size > options_.waiting_bytes_max) {
      answer.deliver(fail(picture_error::busy, "too many pictures wait for a worker", 0));
      return answer;
    }
    waiting_bytes_ += size;
    self_->request(decoders_, caf::infinite, std::move(file), width)
      .then(
        [this, size, answer](thumbnail& made) mutable {
          waiting_bytes_ -= size;
          ++served_;
          answer.deliver(std::move(made));
        },
        [this, size, answer](const caf::error& reason) mutable {
          waiting_bytes_ -= size;
          answer.deliver(explain(reason));
        });
    return answer;
  }

  void note(const bulkhead::worker_death& death) {
    auto who = std::pair{death.slot, death.incarnation};
    if (death.pid == 0 || std::find(deaths_.begin(), deaths_.end(), who) != deaths_.end())
      return;
    ++replaced_;
    last_death_ = std::chrono::steady_clock::now();
    deaths_.push_back(who);
    if (deaths_.size() > deaths_kept_max)
      deaths_.pop_front();
  }

  [[nodiscard]] pool_health health() const {
    pool_health result;
    auto now = status();
    result.serving = is_serving();
    result.workers = options_.workers;
    for (auto& x : now.members) {
      result.ready += x.up ? 1 : 0;
      result.busy += x.taken > 0 ? 1 : 0;
    }
    result.waiting = now.waiting;
    result.served = served_;
    result.failed = failed_;
    result.replaced = replaced_;
    return result;
  }

private:
  void adopt(const caf::actor& made) {
    decoders_ = made;
    why_down_.clear();
    self_->monitor(decoders_);
  }

  // What ended a pool, or kept it from its start, may pass: others use up memory, processes or descriptors.
  void lose(const caf::error& reason) {
    decoders_ = nullptr;
    why_down_ = to_string(reason);
    self_->run_delayed(start_again_after, [this] {
      host_.pool_async(self_, "decoder", decoders(options_))
        .then([this](const caf::actor& made) { adopt(made); }, [this](const caf::error& why) { lose(why); });
    });
  }

  [[nodiscard]] bulkhead::pool_status status() const {
    return decoders_ ? host_.status(decoders_).value_or(bulkhead::pool_status{}) : bulkhead::pool_status{};
  }

  // A worker that died is replaced within milliseconds; until then pictures wait for it.
  [[nodiscard]] bool is_serving() const {
    if (!decoders_)
      return false;
    auto now = status();
    return std::ranges::any_of(now.members, &bulkhead::pool_status::member::up)
           || std::chrono::steady_clock::now() - last_death_ < replacement_grace;
  }

  caf::error explain(const caf::error& reason) {
    if (reason.category() == caf::type_id_v<picture_error>)
      return fail(code_of(reason), detail_of(reason), worker_of(reason));
    if (reason == bulkhead::errc::mailbox_full)
      return fail(picture_error::busy, "too many pictures wait for a worker", 0);
    auto death = bulkhead::death_of(reason);
    if (!death)
      return fail(picture_error::crashed, to_string(reason), 0);
    note(*death);
    switch (death->cause) {
    case bulkhead::death_cause::overran:
      return fail(picture_error::deadline, "not done within " + std::to_string(options_.deadline.count()) + " ms",
                  death->pid);
    case bulkhead::death_cause::out_of_memory:
      return fail(picture_error::out_of_memory, describe(*death), death->pid);
    default:
      return fail(picture_error::crashed, describe(*death), death->pid);
    }
  }

  caf::error fail(picture_error code, std::string detail, int32_t by) {
    ++failed_;
    return make_failure(code, std::move(detail), by);
  }

  caf::event_based_actor* self_;
  const pool_options options_;
  bulkhead::host host_;
  /// Null while there is no pool.
  caf::actor decoders_;
  std::string why_down_;
  std::chrono::steady_clock::time_point last_death_ = std::chrono::steady_clock::now() - replacement_grace;
  size_t waiting_bytes_ = 0;
  uint64_t served_ = 0;
  uint64_t failed_ = 0;
  uint64_t replaced_ = 0;
  /// Of whom an answer or an event has told lately, whichever came first: the other one follows within milliseconds.
  std::deque<std::pair<uint32_t, uint32_t>> deaths_;
  static constexpr size_t deaths_kept_max = 256;
};

} // namespace

caf::behavior pool(caf::event_based_actor* self, const pool_options& options) {
  auto state = std::make_shared<pool_state>(self, options);
  return {
    [state](bulkhead::bytes& file, uint32_t width) { return state->accept(file, width); },
    [state](health_atom) { return state->health(); },
    [state](const bulkhead::supervision_event& event) { state->note(event.death); },
    [state](const bulkhead::death_certificate& what) { state->note(what.death); },
    [](const bulkhead::backlog_event&) {},
  };
}

} // namespace thumbnails
