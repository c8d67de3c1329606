#include "bulkhead/runtime/worker_snapshots.hpp"

#include "bulkhead/runtime/link.hpp"
#include "bulkhead/runtime/worker_main.hpp"
#include "bulkhead/transport/foreign_call.hpp"

#include <caf/local_actor.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>

namespace bulkhead::runtime {

namespace {

// Calls an application's function.
caf::error run(const state_source& source, caf::byte_buffer& out) {
  try {
    return source(out);
  } catch (...) {
    return caf::make_error(errc::encode_failed, "it threw: " + transport::thrown_text());
  }
}

} // namespace

void worker_snapshots::inherit(std::span<const std::byte> encoded) {
  if (via_)
    return; // too late
  auto first = reinterpret_cast<const caf::byte*>(encoded.data());
  inherited_.assign(first, first + encoded.size());
}

void worker_snapshots::begin(std::shared_ptr<link> via, uint64_t root) {
  via_ = std::move(via);
  root_ = root;
}

caf::error worker_snapshots::leave(const caf::local_actor& root, caf::byte_buffer&& encoded) {
  return via_->snapshot(root_, root.ctrl(), std::move(encoded));
}

void worker_snapshots::on_handover(state_source source) {
  auto made = std::make_shared<const state_source>(std::move(source));
  std::lock_guard guard{mutex_};
  std::swap(source_, made);
}

bool worker_snapshots::has_source() const {
  std::lock_guard guard{mutex_};
  return source_ != nullptr;
}

void worker_snapshots::hand_over(const caf::local_actor& root) {
  std::shared_ptr<const state_source> source;
  {
    std::lock_guard guard{mutex_};
    source = source_;
  }
  if (!source)
    return;
  caf::byte_buffer encoded;
  auto failed = run(*source, encoded);
  if (!failed)
    failed = leave(root, std::move(encoded));
  if (!failed)
    return;
  mark_moment("the state could not be handed over");
  std::fprintf(stderr, "bulkhead: the state of an actor could not be handed over, the last snapshot counts: %s\n",
               to_string(failed).c_str());
}

void worker_snapshots::forget_source() {
  std::shared_ptr<const state_source> dropped; // outlives the guard
  std::lock_guard guard{mutex_};
  std::swap(source_, dropped);
}

} // namespace bulkhead::runtime
