#pragma once

// One direction of payloads, with both ends in this process.

#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/transport/borrower.hpp"
#include "bulkhead/transport/fd.hpp"
#include "bulkhead/transport/lender.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace lending {

using namespace bulkhead::transport;
using bulkhead::bytes;

struct returns final : loan_returns {
  explicit returns(lender& to) : to_(to) {}
  void return_loan(uint64_t loan) override {
    good = to_.give_back(loan) && good;
  }
  lender& to_;
  bool good = true;
};

struct ends {
  explicit ends(lender::options how = {})
    : sockets(bulkhead::platform::socket_pair::create().value()),
      out(std::move(sockets.ours)),
      in(std::move(sockets.theirs)),
      lent(out, how, [this] { ++idle; }),
      back(std::make_shared<returns>(lent)),
      borrowed(in, how.bytes_max) {}

  ~ends() {
    CHECK(back->good);
  }

  // As a record carries it.
  caf::byte_buffer pack(outgoing_attachments& beside) {
    caf::byte_buffer body(7, caf::byte{1});
    beside.append_to(body);
    return body;
  }

  borrower::outcome open(const caf::byte_buffer& body, incoming_attachments& beside) {
    auto view = std::as_bytes(std::span{body});
    auto result = borrowed.open(view, back, beside);
    if (result == borrower::outcome::opened)
      CHECK(view.size() == 7);
    return result;
  }

  bytes send(const bytes& what) {
    outgoing_attachments beside{lent};
    REQUIRE(beside.lend(what) == 0u);
    beside.depart();
    incoming_attachments arrived;
    REQUIRE(open(pack(beside), arrived) == borrower::outcome::opened);
    bytes result;
    REQUIRE(arrived.take(uint64_t{0}, result));
    CHECK_FALSE(arrived.take(uint64_t{1}, result));
    return result;
  }

  int idle = 0;
  bulkhead::platform::socket_pair sockets;
  descriptor_channel out;
  descriptor_channel in;
  lender lent;
  std::shared_ptr<returns> back;
  borrower borrowed;
};

inline bytes filled(size_t size, int value) {
  return bytes{caf::byte_buffer(size, static_cast<caf::byte>(value))};
}

inline bytes built(lender& in, size_t size, int value) {
  auto block = in.allocate(size);
  REQUIRE(block);
  std::fill_n(block->first(), size, static_cast<std::byte>(value));
  auto content = std::span<const std::byte>{block->first(), size};
  return bytes{std::move(block), content};
}

} // namespace lending
