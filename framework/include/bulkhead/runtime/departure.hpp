#pragma once

#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/transport/outbox.hpp"

#include <caf/byte_buffer.hpp>
#include <caf/fwd.hpp>
#include <caf/mailbox_element.hpp>

#include <vector>

namespace bulkhead::transport {
class outgoing_attachments;
} // namespace bulkhead::transport

namespace bulkhead::runtime {

class link;

/// What leaves this process with one record besides its bytes. If the record is accepted, handles are noted as exports and
/// descriptors are sent before the peer can see it; if not, nothing has happened.
///
/// Thread safety: of one thread. Lifetime: for one record; `link` and handles outlive it.
class departure final : public transport::outbox::acceptance {
public:
  explicit departure(link& through, transport::outgoing_attachments* beside = nullptr) noexcept
    : link_(through), beside_(beside) {
    // nop
  }

  /// Adds the sender of a message or a link, which must outlive this object.
  /// @param may_be_passed_on whether the record is a one-way message: the peer may pass it on in the name of `actor`, once.
  void add_source(const wire_address& who, const caf::strong_actor_ptr& actor, bool may_be_passed_on);

  /// Adds all handles in a message, and the actors that its answer still passes.
  void add_all(const caf::message& content, const caf::mailbox_element::forwarding_stack& stages,
               const caf::byte_buffer& encoded);

  bool accepted(const transport::record_counts& number) override;
  [[nodiscard]] std::shared_ptr<transport::descriptor_packet> packet() const override;

  /// To be called when the record was sent, without locks: sees to it that the peer learns how the actors end.
  void depart();

private:
  struct traveller {
    wire_address who;
    caf::strong_actor_ptr actor;
    bool first;
  };

  [[nodiscard]] bool is_at_home_there(const caf::strong_actor_ptr& actor) const;

  link& link_;
  transport::outgoing_attachments* beside_;
  wire_address source_who_;
  const caf::strong_actor_ptr* source_ = nullptr;
  bool source_first_ = false;
  bool source_may_be_passed_on_ = false;
  std::vector<traveller> travellers_;
};

} // namespace bulkhead::runtime
