#include "bulkhead/transport/borrower.hpp"

#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/transport/bytes.hpp"
#include "bulkhead/transport/fd.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace bulkhead::transport {

namespace {

constexpr size_t chunks_max = 1024;

/// The writer's own books come on top of its payloads.
constexpr uint64_t slack_bytes = uint64_t{1} << 20;

/// A payload in the memory of another process.
class borrowed final : public payload_owner {
public:
  borrowed(std::shared_ptr<const platform::mapping> memory, uint64_t loan, std::weak_ptr<loan_returns> home) noexcept
    : memory_(std::move(memory)), loan_(loan), home_(std::move(home)) {
    // nop
  }

  ~borrowed() override {
    if (auto home = home_.lock())
      home->return_loan(loan_);
  }

private:
  std::shared_ptr<const platform::mapping> memory_;
  uint64_t loan_;
  std::weak_ptr<loan_returns> home_;
};

} // namespace

borrower::borrower(descriptor_channel& channel, uint64_t bytes_max) : channel_(channel), bytes_max_(bytes_max) {
  // nop
}

borrower::~borrower() = default;

borrower::outcome borrower::fail(std::string complaint) {
  complaint_ = std::move(complaint);
  return outcome::corrupt;
}

borrower::outcome borrower::open(std::span<const std::byte>& body, const std::shared_ptr<loan_returns>& home,
                                 incoming_attachments& out) {
  attachments_trailer tail;
  if (body.size() < sizeof(tail))
    return fail("a record with attachments is too short");
  std::memcpy(&tail, body.data() + body.size() - sizeof(tail), sizeof(tail));
  body = body.first(body.size() - sizeof(tail));
  if (tail.payloads > body.size() / sizeof(payload_reference) || tail.descriptors > descriptors_max)
    return fail("a record claims more attachments than it can have");
  auto table = body.last(tail.payloads * sizeof(payload_reference));
  body = body.first(body.size() - table.size());
  out.payloads.reserve(tail.payloads);
  auto result = outcome::opened;
  for (size_t i = 0; i < tail.payloads; ++i) {
    payload_reference at;
    std::memcpy(&at, table.data() + i * sizeof(at), sizeof(at));
    if (auto got = open_payload(at, home, out); got != outcome::opened)
      result = got;
    if (result == outcome::corrupt)
      return result;
  }
  if (tail.descriptors > 0)
    if (auto got = open_descriptors(tail, home, out); got != outcome::opened)
      result = got;
  return result;
}

borrower::outcome borrower::open_payload(const payload_reference& at, const std::shared_ptr<loan_returns>& home,
                                         incoming_attachments& out) {
  memory where;
  if (auto got = find(at.chunk, where); got != outcome::opened) {
    if (got == outcome::no_room)
      home->return_loan(at.loan);
    return got;
  }
  // Written so that nothing can overflow.
  if (at.size == 0 || at.offset > where->size() || at.size > where->size() - at.offset)
    return fail("a payload lies outside its chunk");
  auto content = std::span<const std::byte>{where->data() + at.offset, at.size};
  out.payloads.emplace_back(std::make_shared<borrowed>(std::move(where), at.loan, home), content);
  return outcome::opened;
}

borrower::outcome borrower::find(uint64_t chunk, memory& out) {
  if (auto i = chunks_.find(chunk); i != chunks_.end()) {
    out = i->second;
    return outcome::opened;
  }
  auto announced = channel_.take_chunk(chunk);
  if (!announced) {
    if (!channel_.complaint().empty())
      return fail(channel_.complaint());
    return channel_.out_of_descriptors() ? outcome::no_room : fail("a payload lies in a chunk that was never announced");
  }
  if (chunks_.size() >= chunks_max || announced->bytes > bytes_max_ + slack_bytes - mapped_bytes_)
    return fail("the chunks take more memory than was agreed");
  auto file = platform::memory_file::adopt_readable(std::move(announced->file), announced->bytes);
  if (!file)
    return fail("a chunk is no sealed memory: " + file.error().message());
  auto mapped = file->map_readonly();
  if (!mapped)
    return outcome::no_room;
  mapped_bytes_ += mapped->size();
  out = std::make_shared<const platform::mapping>(std::move(*mapped));
  chunks_.emplace(chunk, out);
  return outcome::opened;
}

borrower::outcome borrower::open_descriptors(const attachments_trailer& tail, const std::shared_ptr<loan_returns>& home,
                                             incoming_attachments& out) {
  auto fds = channel_.take(tail.packet, tail.descriptors);
  if (!fds) {
    if (!channel_.complaint().empty())
      return fail(channel_.complaint());
    if (!channel_.out_of_descriptors())
      return fail("the descriptors of a record were never sent");
  }
  home->return_loan(tail.packet);
  if (!fds)
    return outcome::no_room;
  for (auto& x : *fds)
    out.descriptors.push_back(fd::adopt(std::move(x)));
  return outcome::opened;
}

// Payloads in it keep the memory.
void borrower::forget(uint64_t chunk) {
  auto i = chunks_.find(chunk);
  if (i == chunks_.end())
    return;
  mapped_bytes_ -= i->second->size();
  chunks_.erase(i);
}

} // namespace bulkhead::transport
