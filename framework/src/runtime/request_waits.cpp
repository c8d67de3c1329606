#include "bulkhead/runtime/request_waits.hpp"

#include "bulkhead/runtime/caf_awaited.hpp"
#include "bulkhead/runtime/link.hpp"

#include <utility>

namespace bulkhead::runtime {

bool request_waits::suspect(std::shared_ptr<link> via, pending_table::entry what) {
  auto job = as_job(what.what.requester);
  if (job == nullptr)
    return false;
  std::lock_guard guard{mutex_};
  all_.emplace(job, wait{++last_id_, std::move(via), std::move(what)});
  ++asked_;
  return true;
}

void request_waits::look_at(caf::resumable& job) {
  auto awaited = awaited_request(job);
  std::vector<wait> dropped; // outlives the guard
  std::lock_guard guard{mutex_};
  auto [i, end] = all_.equal_range(&job);
  while (i != end) {
    auto& x = i->second;
    asked_ -= x.confirmed ? 0 : 1;
    x.confirmed = x.request.key.id == awaited;
    if (x.confirmed) {
      ++i;
      continue;
    }
    dropped.push_back(std::move(x));
    i = all_.erase(i);
  }
}

std::vector<caf::strong_actor_ptr> request_waits::ask_again() {
  forget_answered();
  std::vector<caf::strong_actor_ptr> result;
  std::lock_guard guard{mutex_};
  for (auto& [job, x] : all_) {
    x.confirmed = false;
    result.push_back(x.request.what.requester);
  }
  asked_ = all_.size();
  return result;
}

std::vector<wait_edge> request_waits::edges() {
  forget_answered();
  std::vector<wait_edge> result;
  std::lock_guard guard{mutex_};
  for (auto& [job, x] : all_) {
    auto& [key, what] = x.request;
    if (x.confirmed)
      result.push_back({.id = x.id,
                        .waits = {key.process, key.requester},
                        .on = what.target,
                        .request = key.id,
                        .cause = what.cause.id,
                        .cause_of = {what.cause.process, what.cause.requester},
                        .untouched = x.via->is_open(what.ticket)});
  }
  return result;
}

std::optional<request_waits::wait> request_waits::take(uint64_t id) {
  std::lock_guard guard{mutex_};
  for (auto i = all_.begin(); i != all_.end(); ++i) {
    if (i->second.id != id)
      continue;
    std::optional<wait> result{std::move(i->second)};
    asked_ -= result->confirmed ? 0 : 1;
    all_.erase(i);
    return result;
  }
  return std::nullopt;
}

void request_waits::forget_answered() {
  std::vector<wait> dropped; // outlives the guard
  std::lock_guard guard{mutex_};
  for (auto i = all_.begin(); i != all_.end();) {
    auto& x = i->second;
    if (x.via->requests().contains(x.request.key)) {
      ++i;
      continue;
    }
    asked_ -= x.confirmed ? 0 : 1;
    dropped.push_back(std::move(x));
    i = all_.erase(i);
  }
}

} // namespace bulkhead::runtime
