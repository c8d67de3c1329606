#pragma once

#include "bulkhead/platform/mapping.hpp"
#include "bulkhead/transport/attachments.hpp"
#include "bulkhead/transport/descriptor_channel.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace bulkhead::transport {

/// Takes back what was borrowed.
class loan_returns {
public:
  virtual void return_loan(uint64_t loan) = 0;

protected:
  ~loan_returns() = default;
};

/// The other half of a `lender`: finds the payloads and descriptors that came with a record, and returns each payload when its
/// last copy is gone.
///
/// All that a record says about them was written by another process and is checked.
///
/// Thread safety: one thread at a time; the payloads that it hands out may go on any thread. Lifetime: `channel` must outlive
/// it; payloads may outlive everything.
class borrower {
public:
  enum class outcome : uint8_t {
    opened,
    /// They are right, but this process has no descriptor or no address space left for them.
    no_room,
    corrupt,
  };

  /// @param bytes_max most memory that the peer's payloads may take.
  borrower(descriptor_channel& channel, uint64_t bytes_max);
  ~borrower();
  borrower(const borrower&) = delete;
  borrower& operator=(const borrower&) = delete;

  /// Takes references and trailer off the end of `body`, and finds what they name. Whatever the outcome, everything that was
  /// found in order is returned sooner or later.
  [[nodiscard]] outcome open(std::span<const std::byte>& body, const std::shared_ptr<loan_returns>& home,
                             incoming_attachments& out);

  /// The peer has given a chunk up.
  void forget(uint64_t chunk);

  [[nodiscard]] const std::string& complaint() const noexcept {
    return complaint_;
  }

private:
  using memory = std::shared_ptr<const platform::mapping>;

  outcome fail(std::string complaint);
  outcome find(uint64_t chunk, memory& out);
  bool receive();
  void receive_chunk(uint64_t number);
  void map(descriptor_channel::chunk announced);
  outcome open_payload(const payload_reference& at, const std::shared_ptr<loan_returns>& home,
                       incoming_attachments& out);
  outcome open_descriptors(const attachments_trailer& tail, const std::shared_ptr<loan_returns>& home,
                           incoming_attachments& out);

  descriptor_channel& channel_;
  const uint64_t chunk_bytes_max_;
  uint64_t mapped_bytes_ = 0;
  /// Null for those that this process had no descriptor or no address space for when they came.
  std::map<uint64_t, memory> chunks_;
  std::string complaint_;
};

} // namespace bulkhead::transport
