#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace bulkhead {

class bytes;
class fd;

} // namespace bulkhead

namespace bulkhead::transport {

class lender;

/// Where a payload lies in the memory of its writer.
struct payload_reference {
  /// The writer's name for this loan.
  uint64_t loan;
  uint64_t chunk;
  /// In bytes from the start of the chunk.
  uint64_t offset;
  /// In bytes.
  uint64_t size;
};

static_assert(sizeof(payload_reference) == 32);

/// Stands at the end of a record with `flag_has_attachments`, behind the references of its payloads.
struct attachments_trailer {
  /// Names the packet with the record's descriptors; 0 if there is none.
  uint64_t packet;
  uint32_t payloads;
  uint32_t descriptors;
};

static_assert(sizeof(attachments_trailer) == 16);

/// Descriptors that may be under way over an edge in one direction.
constexpr uint32_t descriptors_max = 64;

/// While it lives, what an inspector writes or reads on this thread goes with `what`. They nest: an inspect overload may
/// encode something for itself, which then has no part in the message around it.
template <class Attachments>
class attachments_scope {
public:
  attachments_scope(Attachments* what, const void* inspector) noexcept
    : outer_(std::exchange(innermost_, {what, inspector})) {
    // nop
  }
  ~attachments_scope() {
    innermost_ = outer_;
  }
  attachments_scope(const attachments_scope&) = delete;
  attachments_scope& operator=(const attachments_scope&) = delete;

  /// What goes with `inspector`; null for messages that stay in this process, and for other machines.
  [[nodiscard]] static Attachments* find(const void* inspector) noexcept {
    return inspector == innermost_.inspector ? innermost_.what : nullptr;
  }

private:
  struct entry {
    Attachments* what = nullptr;
    const void* inspector = nullptr;
  };

  static inline thread_local entry innermost_;
  const entry outer_;
};

/// The descriptors of one record: they must be in the socket before the record is in the mailbox.
///
/// Thread safety: one thread at a time. Lifetime: `from` must outlive it.
class descriptor_packet {
public:
  enum class outcome : uint8_t {
    sent,
    /// Too many are under way: there will be room when the peer has taken some.
    no_room,
    failed,
  };

  descriptor_packet(lender& from, std::vector<fd> descriptors);
  ~descriptor_packet();
  descriptor_packet(const descriptor_packet&) = delete;
  descriptor_packet& operator=(const descriptor_packet&) = delete;

  [[nodiscard]] uint64_t number() const noexcept {
    return number_;
  }

  [[nodiscard]] outcome send();

  /// In place of descriptors that cannot be sent at all: the peer fails the message for lack of them.
  [[nodiscard]] outcome send_none();

  /// Why `send` failed, for people.
  [[nodiscard]] const std::string& complaint() const noexcept {
    return complaint_;
  }

private:
  outcome send(std::span<const fd> descriptors);

  lender& from_;
  std::vector<fd> descriptors_;
  const uint64_t number_;
  bool sent_ = false;
  std::string complaint_;
};

/// What leaves with a message beside its bytes: payloads that are lent, and descriptors. Collected while the message is
/// encoded; what was collected is taken back unless `depart` is called.
///
/// Thread safety: of one thread. Lifetime: for one message; `from` must outlive it.
class outgoing_attachments {
public:
  explicit outgoing_attachments(lender& from) noexcept;
  ~outgoing_attachments();
  outgoing_attachments(const outgoing_attachments&) = delete;
  outgoing_attachments& operator=(const outgoing_attachments&) = delete;

  using scope = attachments_scope<outgoing_attachments>;

  /// Lends `payload` to the receiver.
  /// @returns its place, or nothing if it should be written into the message: it is small, or there is no room.
  [[nodiscard]] std::optional<uint64_t> lend(const bytes& payload);

  /// Whether the last `lend` found no room although it may not fall back to writing.
  [[nodiscard]] bool refused() const noexcept {
    return refused_;
  }

  /// @returns the place of `descriptor`, which is sent along.
  [[nodiscard]] int32_t add(const fd& descriptor);

  [[nodiscard]] bool empty() const noexcept;

  /// Before `append_to`.
  [[nodiscard]] size_t descriptor_count() const noexcept;

  /// Of all payloads that are lent.
  [[nodiscard]] uint64_t payload_bytes() const noexcept;

  /// Appends references and trailer to the record's body. Once, after the message was encoded.
  template <class Buffer>
  void append_to(Buffer& body) {
    auto tail = close();
    auto add = [&body](std::span<const std::byte> x) {
      auto first = reinterpret_cast<const typename Buffer::value_type*>(x.data());
      body.insert(body.end(), first, first + x.size());
    };
    add(std::as_bytes(std::span{payloads_}));
    add(std::as_bytes(std::span{&tail, 1}));
  }

  /// The descriptors, to be sent before the record; null if there are none. After `append_to`.
  [[nodiscard]] const std::shared_ptr<descriptor_packet>& packet() const noexcept {
    return packet_;
  }

  /// The record is certain to arrive unless the peer dies: what was lent stays lent.
  void depart() noexcept {
    departed_ = true;
  }

private:
  attachments_trailer close();

  lender& from_;
  std::vector<payload_reference> payloads_;
  std::vector<fd> descriptors_;
  std::shared_ptr<descriptor_packet> packet_;
  bool refused_ = false;
  bool departed_ = false;
};

/// What arrived with a message beside its bytes.
///
/// Thread safety: of one thread. Lifetime: for one message.
class incoming_attachments {
public:
  incoming_attachments();
  ~incoming_attachments();
  incoming_attachments(const incoming_attachments&) = delete;
  incoming_attachments& operator=(const incoming_attachments&) = delete;

  using scope = attachments_scope<incoming_attachments>;

  /// Sets `out` to the payload at a place. The place is input.
  /// @returns false if there is none.
  [[nodiscard]] bool take(uint64_t place, bytes& out) const;
  [[nodiscard]] bool take(int32_t place, fd& out) const;

  std::vector<bytes> payloads;
  std::vector<fd> descriptors;
};

} // namespace bulkhead::transport
