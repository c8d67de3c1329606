#include "bulkhead/supervision/dead_letter_box.hpp"

#include "bulkhead/transport/codec.hpp"

#include <caf/mailbox_element.hpp>

#include <span>
#include <utility>

namespace bulkhead::supervision {

namespace {

// Without an actor system handles cannot be encoded, and without attachments descriptors cannot.
bool encode(const caf::message& content, caf::byte_buffer& out) {
  caf::mailbox_element what{nullptr, caf::make_message_id(), {}, content};
  uint16_t flags = 0;
  return !transport::encode(nullptr, what, out, flags, nullptr);
}

caf::message decode(const caf::byte_buffer& content) {
  caf::mailbox_element::forwarding_stack stages;
  caf::message result;
  if (transport::decode(nullptr, 0, std::as_bytes(std::span{content}), nullptr, stages, result))
    return {};
  return result;
}

} // namespace

void dead_letter_box::add(dead_letter what) {
  kept added;
  auto content = std::exchange(what.content, {});
  // The size is known before, so that nothing huge is encoded to be thrown away.
  if (what.bytes > bytes_max_ || !encode(content, added.content) || added.content.size() > bytes_max_)
    caf::byte_buffer{}.swap(added.content);
  added.what = std::move(what);
  std::deque<kept> dropped; // outlives the guard
  std::lock_guard guard{mutex_};
  bytes_ += added.content.size();
  letters_.push_back(std::move(added));
  while (letters_.size() > letters_max_ || bytes_ > bytes_max_) {
    bytes_ -= letters_.front().content.size();
    dropped.push_back(std::move(letters_.front()));
    letters_.pop_front();
  }
}

void dead_letter_box::note(const death_certificate& what) {
  std::lock_guard guard{mutex_};
  for (auto& x : letters_)
    if (!x.what.deaths.empty() && x.what.deaths.back().slot == what.death.slot
        && x.what.deaths.back().incarnation == what.death.incarnation)
      x.what.certificate = what;
}

std::vector<dead_letter> dead_letter_box::all() const {
  std::unique_lock guard{mutex_};
  auto letters = letters_;
  guard.unlock();
  return opened(letters);
}

std::vector<dead_letter> dead_letter_box::take() {
  std::unique_lock guard{mutex_};
  auto letters = std::exchange(letters_, {});
  bytes_ = 0;
  guard.unlock();
  return opened(letters);
}

// Not under the mutex: the inspectors of an application run.
std::vector<dead_letter> dead_letter_box::opened(const std::deque<kept>& letters) {
  std::vector<dead_letter> result;
  for (auto& x : letters) {
    result.push_back(x.what);
    if (!x.content.empty())
      result.back().content = decode(x.content);
  }
  return result;
}

} // namespace bulkhead::supervision
