#include "pool_state.hpp"

#include <bulkhead/errors.hpp>
#include <bulkhead/host.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace thumbnails {

namespace {

/// Before the next attempt when a worker could not be started.
constexpr std::chrono::milliseconds restart_delay{500};

} // namespace

pool_state::pool_state(caf::event_based_actor* self, const pool_options& options)
  : self_(self), options_(options), positions_(options.workers) {
  for (size_t at = 0; at < positions_.size(); ++at)
    start(at);
}

pool_state::~pool_state() {
  // A decoder that is at work would not hear that it should stop.
  for (auto& x : positions_)
    if (x.process && x.state == condition::busy)
      x.process->kill();
}

// -- workers ------------------------------------------------------------------

void pool_state::start(size_t at) {
  bulkhead::worker_options options;
  options.memory_bytes_max = options_.memory_bytes_max;
  bulkhead::host::of(self_->system()).start_worker_async(self_, options, [this, at](caf::expected<bulkhead::worker> made) {
    if (made)
      started(at, std::move(*made));
    else
      start_failed(at, made.error());
  });
}

void pool_state::started(size_t at, bulkhead::worker process) {
  auto& place = positions_[at];
  place.process = std::move(process);
  place.process->spawn_async(self_, "decoder")
    .then(
      [this, at](const caf::actor& decoder) {
        self_->monitor(decoder);
        positions_[at].decoder = decoder;
        positions_[at].state = condition::free;
        dispatch();
      },
      [this, at](const caf::error& reason) { start_failed(at, reason); });
}

void pool_state::start_failed(size_t at, const caf::error& reason) {
  if (auto& process = positions_[at].process)
    process->kill();
  self_->run_delayed(restart_delay, [this, at] { start(at); });
  auto hopeless = [](const position& x) { return x.state == condition::starting; };
  if (!std::ranges::all_of(positions_, hopeless))
    return;
  for (auto& x : std::exchange(waiting_, {}))
    x.answer.deliver(make_failure(picture_error::no_worker, to_string(reason)));
  waiting_bytes_ = 0;
}

void pool_state::replace(size_t at) {
  auto& place = positions_[at];
  if (place.process)
    place.process->kill();
  place.process.reset();
  place.decoder = nullptr;
  place.state = condition::starting;
  ++replaced_;
  start(at);
}

void pool_state::on_down(const caf::actor_addr& gone) {
  for (size_t at = 0; at < positions_.size(); ++at)
    // The error response to its picture replaces a busy one: it knows more.
    if (positions_[at].state == condition::free && positions_[at].decoder.address() == gone)
      replace(at);
}

worker_tag pool_state::tag(size_t at) const {
  auto& process = positions_[at].process;
  return {static_cast<uint32_t>(at), process ? process->pid() : 0};
}

// -- pictures -----------------------------------------------------------------

void pool_state::accept(job what) {
  auto size = what.file.size();
  if (waiting_.size() >= options_.waiting_max || waiting_bytes_ + size > options_.waiting_bytes_max) {
    what.answer.deliver(make_failure(picture_error::busy, "too many pictures wait for a worker"));
    return;
  }
  waiting_bytes_ += size;
  waiting_.push_back(std::move(what));
  dispatch();
}

void pool_state::dispatch() {
  for (size_t at = 0; at < positions_.size() && !waiting_.empty(); ++at) {
    if (positions_[at].state != condition::free)
      continue;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.file.size();
    give(at, std::move(next));
  }
}

void pool_state::give(size_t at, job what) {
  auto& place = positions_[at];
  place.state = condition::busy;
  auto file = what.file;
  auto width = what.width;
  auto shared = std::make_shared<job>(std::move(what));
  self_->request(place.decoder, options_.deadline, std::move(file), width)
    .then(
      [this, at, shared](thumbnail& result) {
        result.by = tag(at);
        ++served_;
        shared->answer.deliver(std::move(result));
        finish(at);
      },
      [this, at, shared](const caf::error& reason) { on_failure(at, *shared, reason); });
}

void pool_state::on_failure(size_t at, job& what, const caf::error& reason) {
  auto by = tag(at);
  auto death = bulkhead::death_of(reason);
  if (death && !death->in_doubt) {
    // The worker died before it looked at the picture, which is not to blame.
    waiting_bytes_ += what.file.size();
    waiting_.push_front(std::move(what));
    replace(at);
    return;
  }
  ++failed_;
  if (reason.category() == caf::type_id_v<picture_error>) {
    what.answer.deliver(make_failure(code_of(reason), detail_of(reason), by));
    finish(at);
    return;
  }
  if (reason == bulkhead::errc::mailbox_full) {
    what.answer.deliver(make_failure(picture_error::busy, to_string(reason), by));
    finish(at);
    return;
  }
  if (reason == caf::sec::request_timeout) {
    auto detail = "not done within " + std::to_string(options_.deadline.count()) + " ms";
    what.answer.deliver(make_failure(picture_error::deadline, detail, by));
  } else if (death && death->cause == bulkhead::death_cause::out_of_memory) {
    what.answer.deliver(make_failure(picture_error::out_of_memory, describe(*death), by));
  } else {
    what.answer.deliver(make_failure(picture_error::crashed, death ? describe(*death) : to_string(reason), by));
  }
  replace(at);
}

void pool_state::finish(size_t at) {
  positions_[at].state = condition::free;
  dispatch();
}

pool_health pool_state::health() const {
  pool_health result;
  result.workers = static_cast<uint32_t>(positions_.size());
  for (auto& x : positions_) {
    result.ready += x.state != condition::starting ? 1 : 0;
    result.busy += x.state == condition::busy ? 1 : 0;
  }
  result.waiting = waiting_.size();
  result.served = served_;
  result.failed = failed_;
  result.replaced = replaced_;
  return result;
}

} // namespace thumbnails
