#pragma once

#include "bulkhead/transport/arena.hpp"
#include "bulkhead/transport/attachments.hpp"
#include "bulkhead/transport/descriptor_channel.hpp"
#include "bulkhead/transport/payload_fallback.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

namespace bulkhead::transport {

/// The books of one direction of an edge: which payloads and descriptors the peer has, so that everything comes back, be it
/// that the peer returns it or that it dies.
///
/// Thread safety: all functions from any thread. Lifetime: `channel` must outlive `close`.
class lender {
public:
  struct options {
    /// Most memory for payloads, in bytes. 0: nothing is lent.
    uint64_t bytes_max = uint64_t{4} << 30;
    payload_fallback fallback = payload_fallback::copy;
  };

  /// A smaller payload is written into the message: that costs less than the books, the chunk's cache lines and the return.
  static constexpr size_t payload_bytes_min = size_t{4} << 10;

  /// @param on_idle see `arena::options`.
  lender(const descriptor_channel& channel, options how, std::function<void()> on_idle);
  ~lender();
  lender(const lender&) = delete;
  lender& operator=(const lender&) = delete;

  /// Room for a payload that is built in place. Null if there is none.
  [[nodiscard]] std::shared_ptr<arena::block> allocate(size_t bytes) {
    return arena_->allocate(bytes);
  }

  /// Lends what was built in place here; anything else is copied into the arena first.
  /// @returns nothing if there is no room.
  [[nodiscard]] std::optional<payload_reference> lend(const bytes& payload);

  [[nodiscard]] bool must_lend() const noexcept {
    return how_.fallback == payload_fallback::fail && how_.bytes_max > 0;
  }

  /// Names a packet of descriptors.
  [[nodiscard]] uint64_t name_packet();

  /// Sends what `name_packet` has named.
  /// @returns EAGAIN if it has to wait until the peer has taken what is under way; other errors as `descriptor_channel::send`.
  [[nodiscard]] platform::result<void> send_descriptors(uint64_t packet, std::span<const fd> descriptors);

  /// Whether the peer has descriptors to take, so that there is more room when it has.
  [[nodiscard]] bool descriptors_under_way() const;

  /// @returns false if there is no such loan.
  [[nodiscard]] bool give_back(uint64_t loan);

  /// See `arena::trim`.
  [[nodiscard]] std::vector<uint64_t> trim(uint64_t before_ns) {
    return arena_->trim(before_ns);
  }
  [[nodiscard]] bool has_idle() const {
    return arena_->has_idle();
  }

  /// The peer is gone, and everything it had is back.
  void close();

  [[nodiscard]] size_t open_loans() const;

  [[nodiscard]] uint64_t reserved_bytes() const {
    return arena_->reserved_bytes();
  }

private:
  struct loan {
    std::shared_ptr<const payload_owner> payload;
    uint32_t descriptors = 0;
  };

  const descriptor_channel& channel_;
  const options how_;
  const std::shared_ptr<arena> arena_;
  mutable std::mutex mutex_;
  boost::unordered_flat_map<uint64_t, loan> loans_;
  uint64_t last_loan_ = 0;
  size_t descriptors_ = 0;
  bool closed_ = false;
};

} // namespace bulkhead::transport
