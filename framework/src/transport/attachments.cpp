#include "bulkhead/transport/attachments.hpp"

#include "bulkhead/transport/bytes.hpp"
#include "bulkhead/transport/fd.hpp"
#include "bulkhead/transport/lender.hpp"

#include <cerrno>
#include <utility>

namespace bulkhead::transport {

descriptor_packet::descriptor_packet(lender& from, std::vector<fd> descriptors)
  : from_(from), descriptors_(std::move(descriptors)), number_(from.name_packet()) {
  // nop
}

descriptor_packet::~descriptor_packet() {
  if (!sent_)
    (void) from_.give_back(number_);
}

descriptor_packet::outcome descriptor_packet::send() {
  return send(descriptors_);
}

descriptor_packet::outcome descriptor_packet::send_none() {
  return send({});
}

descriptor_packet::outcome descriptor_packet::send(std::span<const fd> descriptors) {
  auto result = from_.send_descriptors(number_, descriptors);
  if (!result && result.error().number == EAGAIN && from_.descriptors_under_way())
    return outcome::no_room;
  if (!result) {
    complaint_ = "the descriptors of a message cannot be sent: " + result.error().message();
    return outcome::failed;
  }
  sent_ = true;
  descriptors_.clear();
  return outcome::sent;
}

outgoing_attachments::outgoing_attachments(lender& from) noexcept : from_(from) {
  // nop
}

outgoing_attachments::~outgoing_attachments() {
  if (departed_)
    return;
  for (auto& x : payloads_)
    (void) from_.give_back(x.loan);
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
  auto count = static_cast<uint32_t>(descriptors_.size());
  if (count > 0)
    packet_ = std::make_shared<descriptor_packet>(from_, std::move(descriptors_));
  return {packet_ ? packet_->number() : 0, static_cast<uint32_t>(payloads_.size()), count};
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
