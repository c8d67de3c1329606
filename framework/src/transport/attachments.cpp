#include "bulkhead/transport/attachments.hpp"

#include "bulkhead/transport/bytes.hpp"
#include "bulkhead/transport/fd.hpp"
#include "bulkhead/transport/lender.hpp"

namespace bulkhead::transport {

outgoing_attachments::outgoing_attachments(lender& from) noexcept : from_(from) {
  // nop
}

outgoing_attachments::~outgoing_attachments() {
  if (departed_)
    return;
  for (auto& x : payloads_)
    (void) from_.give_back(x.loan);
  if (packet_ != 0)
    (void) from_.give_back(packet_);
}

std::optional<uint64_t> outgoing_attachments::lend(const bytes& payload) {
  refused_ = false;
  if (payload.size() < lender::payload_bytes_min)
    return std::nullopt;
  auto reference = from_.lend(payload);
  if (!reference) {
    refused_ = from_.must_lend();
    return std::nullopt;
  }
  payloads_.push_back(*reference);
  return payloads_.size() - 1;
}

int32_t outgoing_attachments::add(const fd& descriptor) {
  descriptors_.push_back(descriptor);
  return static_cast<int32_t>(descriptors_.size() - 1);
}

bool outgoing_attachments::empty() const noexcept {
  return payloads_.empty() && descriptors_.empty();
}

size_t outgoing_attachments::descriptor_count() const noexcept {
  return descriptors_.size();
}

uint64_t outgoing_attachments::payload_bytes() const noexcept {
  uint64_t result = 0;
  for (auto& x : payloads_)
    result += x.size;
  return result;
}

attachments_trailer outgoing_attachments::close() {
  if (!descriptors_.empty())
    packet_ = from_.lend_descriptors(descriptors_.size());
  return {packet_, static_cast<uint32_t>(payloads_.size()), static_cast<uint32_t>(descriptors_.size())};
}

bool outgoing_attachments::send_descriptors() {
  return descriptors_.empty() || from_.send_descriptors(packet_, descriptors_);
}

incoming_attachments::incoming_attachments() = default;

incoming_attachments::~incoming_attachments() = default;

bool incoming_attachments::take(uint64_t place, bytes& out) const {
  if (place >= payloads.size())
    return false;
  out = payloads[place];
  return true;
}

bool incoming_attachments::take(int32_t place, fd& out) const {
  if (place < 0 || static_cast<size_t>(place) >= descriptors.size())
    return false;
  out = descriptors[static_cast<size_t>(place)];
  return true;
}

} // namespace bulkhead::transport
