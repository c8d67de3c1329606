#include "bulkhead/transport/lender.hpp"

#include "bulkhead/transport/fd.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace bulkhead::transport {

lender::lender(const descriptor_channel& channel, options how, std::function<void()> on_idle)
  : channel_(channel), how_(how), arena_(std::make_shared<arena>(arena::options{how.bytes_max, std::move(on_idle)})) {
  // nop
}

lender::~lender() {
  close();
}

std::optional<payload_reference> lender::lend(const bytes& payload) {
  auto owner = std::dynamic_pointer_cast<const arena::block>(payload.owner());
  auto first = payload.data();
  if (!owner || owner->home() != arena_.get()) {
    auto copy = arena_->allocate(payload.size());
    if (!copy)
      return std::nullopt;
    first = copy->first();
    std::memcpy(copy->first(), payload.data(), payload.size());
    owner = std::move(copy);
  }
  auto announce = [this](auto number, auto& file) { return channel_.send_chunk(number, file).has_value(); };
  if (!arena_->announce(*owner, announce))
    return std::nullopt;
  std::lock_guard guard{mutex_};
  if (closed_)
    return std::nullopt;
  auto number = ++last_loan_;
  payload_reference result{number, owner->chunk_number(), owner->offset_of(first), payload.size()};
  loans_.emplace(number, loan{std::move(owner), 0});
  return result;
}

uint64_t lender::name_packet() {
  std::lock_guard guard{mutex_};
  auto number = ++last_loan_;
  if (!closed_)
    loans_.emplace(number, loan{nullptr, 0});
  return number;
}

// Under the mutex: once `close` has returned, nobody uses the channel any more.
platform::result<void> lender::send_descriptors(uint64_t packet, std::span<const fd> descriptors) {
  std::lock_guard guard{mutex_};
  auto named = loans_.find(packet);
  if (closed_ || named == loans_.end())
    return {}; // the peer is gone
  if (descriptors_ + descriptors.size() > descriptors_max)
    return platform::os_error{EAGAIN, "sendmsg"};
  auto sent = channel_.send(packet, descriptors);
  // What lacks in the kernel may be what the peer has not taken yet. An open file that is closed stays so.
  if (!sent && sent.error().number != EBADF && descriptors_ > 0)
    return platform::os_error{EAGAIN, "sendmsg"};
  if (!sent)
    return sent;
  named->second.descriptors = static_cast<uint32_t>(descriptors.size());
  descriptors_ += descriptors.size();
  return {};
}

bool lender::descriptors_under_way() const {
  std::lock_guard guard{mutex_};
  return descriptors_ > 0;
}

bool lender::give_back(uint64_t number) {
  loan returned; // outlives the guard: the arena has a lock of its own
  std::lock_guard guard{mutex_};
  auto i = loans_.find(number);
  if (i == loans_.end())
    return false;
  returned = std::move(i->second);
  descriptors_ -= returned.descriptors;
  loans_.erase(i);
  return true;
}

void lender::close() {
  boost::unordered_flat_map<uint64_t, loan> all;
  {
    std::lock_guard guard{mutex_};
    closed_ = true;
    all.swap(loans_);
    descriptors_ = 0;
  }
  all.clear();
  arena_->close();
}

size_t lender::open_loans() const {
  std::lock_guard guard{mutex_};
  return loans_.size();
}

} // namespace bulkhead::transport
