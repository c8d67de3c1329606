#include "bulkhead/transport/borrower.hpp"

#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/transport/bytes.hpp"
#include "bulkhead/transport/fd.hpp"

#include <cstring>
#include <utility>

namespace bulkhead::transport {

namespace {

constexpr size_t borrowed_chunks_max = 1024;

/// The writer's own books come on top of its payloads, and a chunk that it has given up may not have been forgotten yet.
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

borrower::borrower(descriptor_channel& channel, uint64_t bytes_max)
  : channel_(channel), chunk_bytes_max_(2 * bytes_max + slack_bytes) {
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
  receive_chunk(chunk);
  if (!complaint_.empty())
    return outcome::corrupt;
  auto i = chunks_.find(chunk);
  if (i == chunks_.end())
    return fail("a payload lies in a chunk that was never announced");
  out = i->second;
  return out ? outcome::opened : outcome::no_room;
}

// One packet. Returns false if there is none, or if it is wrong.
bool borrower::receive() {
  if (!complaint_.empty() || !channel_.receive()) {
    if (complaint_.empty())
      complaint_ = channel_.complaint();
    return false;
  }
  if (auto announced = channel_.take_chunk())
    map(std::move(*announced));
  return complaint_.empty();
}

// No further than needed: what is announced later may have to take the place of what is about to be given up.
void borrower::receive_chunk(uint64_t number) {
  while (!chunks_.contains(number) && receive())
    continue;
}

void borrower::map(descriptor_channel::chunk announced) {
  if (chunks_.size() >= borrowed_chunks_max || announced.bytes > chunk_bytes_max_ - mapped_bytes_) {
    complaint_ = "the chunks take more memory than was agreed";
    return;
  }
  auto& where = chunks_[announced.number];
  if (where)
    complaint_ = "a chunk is announced twice";
  if (where || !announced.file)
    return;
  auto file = platform::memory_file::adopt_readable(std::move(announced.file), announced.bytes);
  if (!file) {
    complaint_ = "a chunk is no sealed memory: " + file.error().message();
    return;
  }
  auto mapped = file->map_readonly();
  if (!mapped)
    return;
  mapped_bytes_ += mapped->size();
  where = std::make_shared<const platform::mapping>(std::move(*mapped));
}

borrower::outcome borrower::open_descriptors(const attachments_trailer& tail, const std::shared_ptr<loan_returns>& home,
                                             incoming_attachments& out) {
  while (!channel_.has(tail.packet) && receive())
    continue;
  if (!complaint_.empty())
    return outcome::corrupt;
  if (!channel_.has(tail.packet))
    return fail("the descriptors of a record were never sent");
  auto fds = channel_.take(tail.packet, tail.descriptors);
  home->return_loan(tail.packet);
  if (!fds)
    return outcome::no_room;
  for (auto& x : *fds)
    out.descriptors.push_back(fd::adopt(std::move(x)));
  return outcome::opened;
}

// Payloads in it keep the memory. If nothing in it was ever read, its announcement is still under way.
void borrower::forget(uint64_t chunk) {
  receive_chunk(chunk);
  auto i = chunks_.find(chunk);
  if (i == chunks_.end())
    return;
  if (i->second)
    mapped_bytes_ -= i->second->size();
  chunks_.erase(i);
}

} // namespace bulkhead::transport
