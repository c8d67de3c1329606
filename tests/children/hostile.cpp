// A worker that comes up as it should and spawns what it is asked for. When its actor gets the first message it does what
// the argument says to the memory that it shares with the host; a message after that it answers with the number 1.

#include "../support/types.hpp"
#include "hostile_chunks.hpp"

#include <bulkhead/main.hpp>
#include <bulkhead/transport/codec.hpp>
#include <bulkhead/transport/edge.hpp>
#include <bulkhead/transport/handshake.hpp>
#include <bulkhead/transport/inbox.hpp>
#include <bulkhead/transport/outbox.hpp>

#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include <poll.h>
#include <unistd.h>

using namespace bulkhead;
using namespace bulkhead::transport;
using namespace hostile;

namespace {

constexpr uint64_t own_actor = 4711;

class hostile_worker {
public:
  hostile_worker(edge end, const hello& host)
    : end_(std::move(end)),
      number_(host.number),
      in_(end_.own.data(), end_.peer.data(), end_.rings, host.message_bytes_max),
      out_(end_.own.data(), end_.peer.data(), end_.rings, end_.peer_bell, end_.own_bell, {}),
      control_ring_(end_.own.data() + shm::ring_offset(end_.rings, shm::lane_id::control)),
      data_ring_(end_.own.data() + shm::ring_offset(end_.rings, shm::lane_id::data)),
      header_(shm::header_of(end_.own.data())) {
    // nop
  }

  void serve(const std::string& habit) {
    incoming record;
    for (;;) {
      while (in_.next(record) == inbox::outcome::record)
        handle(record, habit);
      if (in_.publish_consumed())
        end_.peer_bell.ring();
      out_.pump();
      pollfd waiting{end_.own_bell.fd(), POLLIN, 0};
      ::poll(&waiting, 1, 1);
    }
  }

private:
  void handle(const incoming& record, const std::string& habit) {
    auto& head = record.head;
    if (record.kind == record_kind::stop)
      ::_exit(0);
    if (record.kind == record_kind::spawn) {
      root_ = head.target;
      send(record_kind::rooted, {root_, own_actor, 0, 0, number_});
      send(record_kind::spawned, {root_, 0, 0, 0, number_}, encode_reason(nullptr, {}, 1024));
    }
    auto mid = caf::make_message_id(head.word);
    if (record.kind != record_kind::message)
      return;
    if (!done_) {
      done_ = true;
      asked_ = head;
      asked_body_.assign(record.body.begin(), record.body.end());
      habits().at(habit)(*this);
    }
    if (goes_back_after_ > 0 && --goes_back_after_ == 0) { // by now the host has looked
      header_->consumed[0] = 0;
      freeze();
    }
    answer(head, mid);
  }

  void answer(const envelope& head, caf::message_id mid) {
    caf::mailbox_element what{nullptr, mid, {}, caf::make_message(int32_t{1})};
    caf::byte_buffer body;
    uint16_t flags = 0;
    (void) encode(nullptr, what, body, flags, nullptr);
    send(record_kind::message,
         {head.source, own_actor, mid.response_id().integer_value(), head.source_process, number_}, body);
  }

  void send(record_kind kind, const envelope& head, caf::byte_buffer body = {}, uint16_t flags = 0) {
    (void) out_.send(kind, flags, head, std::move(body));
  }

  // Writes a record into the control lane as it comes, whatever the rules are.
  void raw(shm::record_header header, uint64_t published) {
    std::memcpy(control_ring_, &header, sizeof(header));
    header_->published[1].store(published);
    end_.peer_bell.ring();
  }

  // What was written shall not be overwritten by an answer.
  void freeze() {
    end_.peer_bell.ring();
    for (;;)
      ::pause();
  }

  void piece(uint64_t id, uint64_t inner_kind, uint64_t total, size_t bytes) {
    send(record_kind::piece, {id, inner_kind, total, 0, 0}, caf::byte_buffer(bytes));
  }

  // An answer with one payload, or what it says to be one.
  void lend(const payload_reference& what) {
    send_attachments({0, 1, 0}, std::as_bytes(std::span{&what, 1}));
  }

  void send_attachments(const attachments_trailer& tail, std::span<const std::byte> references = {}) {
    auto response = caf::make_message_id(asked_.word).response_id().integer_value();
    send(record_kind::message, {asked_.source, own_actor, response, asked_.source_process, number_},
         with_trailer(references, tail), flag_has_attachments);
  }

  void announce(uint64_t bytes, int seals, bool reserved) {
    hostile::announce(end_.channel.get(), bytes, seals, reserved);
  }
  void announce_good() {
    announce(chunk_bytes, good_seals, true);
  }

  using action = void (*)(hostile_worker&);

  static const std::map<std::string, action>& habits();
  edge end_;
  process_number number_;
  inbox in_;
  outbox out_;
  std::byte* control_ring_;
  std::byte* data_ring_;
  shm::region_header<>* header_;
  uint64_t root_ = 0;
  envelope asked_;
  std::vector<std::byte> asked_body_;
  bool done_ = false;
  int goes_back_after_ = 0;
};

const std::map<std::string, hostile_worker::action>& hostile_worker::habits() {
  using self = hostile_worker&;
  constexpr auto far = uint64_t{1} << 40;
  // One habit a line.
  // clang-format off
  static const std::map<std::string, action> all{
    // words of the header
    {"published goes back", [](self x) { x.header_->published[0] = 0; x.freeze(); }},
    {"published passes the ring", [](self x) { x.header_->published[0] += far; x.freeze(); }},
    {"published is unaligned", [](self x) { x.header_->published[0] += 8; x.freeze(); }},
    {"control published passes the ring", [](self x) { x.header_->published[1] = far; x.freeze(); }},
    {"control published is unaligned", [](self x) { x.header_->published[1] = 3; x.freeze(); }},
    {"published without a record",
     [](self x) {
       std::memset(x.data_ring_, 0xee, x.end_.rings.data_bytes);
       x.header_->published[0] += 1024;
       x.freeze();
     }},
    {"consumed goes back", [](self x) { x.goes_back_after_ = 60; }},
    {"consumed passes what was published", [](self x) { x.header_->consumed[0] += far; x.freeze(); }},
    {"consumed is unaligned", [](self x) { x.header_->consumed[0] += 1; x.freeze(); }},
    {"armed is odd for ever", [](self x) { x.header_->armed = std::numeric_limits<uint64_t>::max(); }},
    {"room is wanted that there will never be", [](self x) { x.header_->room_wanted[0] = far + 3; }},
    {"last words are unknown", [](self x) { x.header_->last_words = 0xfefefefe; }},
    {"hint is absurd", [](self x) { x.header_->hint = 0xffffffff; }},
    {"the black box is all ones", [](self x) { scribble_and_die(*shm::black_box_of(x.end_.own.data(), x.end_.rings), std::byte{0xff}); }},
    {"the black box is half true", [](self x) { scribble_and_die(*shm::black_box_of(x.end_.own.data(), x.end_.rings), std::byte{1}); }},
    {"magic, version and geometry change",
     [](self x) { std::memset(static_cast<void*>(x.header_), 0xab, offsetof(shm::region_header<>, published)); }},
    // headers of records
    {"a record is larger than any ring", [](self x) { x.raw({0xffffffff, 1, 0, 0}, 64); }},
    {"a record passes what was published", [](self x) { x.raw({4096, 1, 0, 0}, 64); }},
    {"a record is padding in the middle", [](self x) { x.raw({0, shm::padding_kind, 0, 0}, 64); }},
    {"a record is shorter than its fixed part", [](self x) { x.raw({8, 1, 0, 0}, 32); }},
    {"a record is empty", [](self x) { x.raw({0, 1, 0, 0}, 16); }},
    {"a piece stands in the control lane", [](self x) { x.raw({48, 2, 0, 0}, 64); }},
    {"a record has kind 0", [](self x) { x.send(record_kind{0}, {}); }},
    {"a record has the first unknown kind", [](self x) { x.send(static_cast<record_kind>(static_cast<uint16_t>(last_record_kind) + 1), {}); }},
    {"a record has a kind far off", [](self x) { x.send(record_kind{0xfffe}, {}); }},
    // records in pieces
    {"a whole is smaller than its fixed part", [](self x) { x.piece(1, 1, 31, 8); }},
    {"a whole is larger than any message", [](self x) { x.piece(1, 1, ~uint64_t{0}, 8); }},
    {"a whole changes its size", [](self x) { x.piece(1, 1, 1000, 8); x.piece(1, 1, 1001, 8); }},
    {"pieces exceed their whole", [](self x) { x.piece(1, 1, 64, 40); x.piece(1, 1, 64, 40); }},
    {"a whole is a piece", [](self x) { x.piece(1, 2, 64, 64); }},
    {"a whole has an unknown kind", [](self x) { x.piece(1, 99, 64, 64); }},
    {"there are thousands of wholes", [](self x) { for (uint64_t i = 1; i < 6000; ++i) x.piece(i, 1, 64, 1); }},
    {"pieces are empty", [](self x) { for (int i = 0; i < 1000; ++i) x.piece(1, 1, 64, 0); }},
    // payloads and descriptors
    {"a loan is returned that was never lent", [](self x) { x.send(record_kind::give_back, {999, 0, 0, 0, 0}); }},
    {"a loan is returned twice",
     [](self x) {
       payload_reference lent;
       auto at = x.asked_body_.size() - sizeof(attachments_trailer) - sizeof(lent);
       std::memcpy(&lent, x.asked_body_.data() + at, sizeof(lent));
       for (int i = 0; i < 2; ++i)
         x.send(record_kind::give_back, {lent.loan, 0, 0, 0, 0});
     }},
    {"a payload lies in no chunk", [](self x) { x.lend({1, 77, 0, 10'000}); }},
    {"a payload passes its chunk", [](self x) { x.announce_good(); x.lend({1, 1, chunk_bytes - 10, 11}); }},
    {"a payload starts behind its chunk", [](self x) { x.announce_good(); x.lend({1, 1, far, 1}); }},
    {"a payload has no end", [](self x) { x.announce_good(); x.lend({1, 1, 64, ~uint64_t{0} - 32}); }},
    {"a payload is empty", [](self x) { x.announce_good(); x.lend({1, 1, 64, 0}); }},
    {"a chunk can shrink", [](self x) { x.announce(chunk_bytes, F_SEAL_GROW, true); x.lend({1, 1, 0, 100}); }},
    {"a chunk has holes", [](self x) { x.announce(chunk_bytes, good_seals, false); x.lend({1, 1, 0, 100}); }},
    {"a chunk is smaller than it says",
     [](self x) { x.announce(2 * chunk_bytes, good_seals, true); x.lend({1, 1, 0, 100}); }},
    {"a chunk is larger than agreed", [](self x) { x.announce(far, good_seals, true); x.lend({1, 1, 0, 100}); }},
    {"a chunk comes twice", [](self x) { x.announce_good(); x.announce_good(); x.lend({1, 2, 0, 100}); }},
    {"attachments are cut off",
     [](self x) { x.send(record_kind::message, {1, 1, 0, 0, 0}, caf::byte_buffer(3), flag_has_attachments); }},
    {"attachments exceed their record", [](self x) { x.send_attachments({0, 1000, 0}); }},
    {"descriptors were never sent", [](self x) { x.send_attachments({5, 0, 1}); }},
    {"descriptors are too many", [](self x) { send_packets(x.end_.channel.get(), 5); x.send_attachments({99, 0, 20}); }},
    {"a packet is too short", [](self x) { send_text(x.end_.channel.get(), 1); x.send_attachments({1, 0, 1}); }},
    {"a packet is too long", [](self x) { send_text(x.end_.channel.get(), 1000); x.send_attachments({1, 0, 1}); }},
    // back pressure
    {"a ticket is returned that was never given", [](self x) { x.send(record_kind::handled, {}, caf::byte_buffer(8)); }},
    {"a ticket is returned twice", [](self x) { x.send(record_kind::handled, {}, twice(x.asked_.ticket)); }},
    {"a list of tickets is cut off", [](self x) { x.send(record_kind::handled, {}, caf::byte_buffer(5)); }},
    {"a list of tickets is empty", [](self x) { x.send(record_kind::handled, {}); }},
    {"a report is garbage", [](self x) { x.send(record_kind::report, {}, caf::byte_buffer(7, caf::byte{0xff})); }},
    {"it sends more than it may",
     [](self x) {
       for (int i = 0; i < 500; ++i)
         x.send(record_kind::message, {x.asked_.source, own_actor, 0, x.asked_.source_process, x.number_}, caf::byte_buffer(1));
     }},
    {"it demands all the time", [](self x) {
       for (int i = 0; i < 10'000; ++i)
         x.send(record_kind::demand, {0, 0, static_cast<uint64_t>(i), 0, 0});
     }},
    // records that mean nothing
    {"messages to nobody",
     [](self x) {
       for (uint64_t actor : {uint64_t{0}, uint64_t{99'999}, ~uint64_t{0}})
         for (process_number process : {0u, x.number_, 1000u, 0xffffffffu, 0xfffffffeu})
           for (process_number from : {0u, x.number_, 1000u, 0xffffffffu})
             for (uint64_t word : {uint64_t{0}, uint64_t{7}, ~uint64_t{0}, uint64_t{1} << 63})
               x.send(record_kind::message, {actor, actor + 1, word, process, from}, caf::byte_buffer(9), 0xfffd);
     }},
    {"responses that nobody asked for", [](self x) {
       for (uint64_t id = 1; id < 100; ++id)
         for (uint64_t actor = 1; actor < 50; ++actor)
           x.send(record_kind::message,
                  {actor, own_actor, caf::make_message_id(id << 4).response_id().integer_value(), 0, x.number_});
     }},
    {"the answer comes twice",
     [](self x) { x.answer(x.asked_, caf::make_message_id(x.asked_.word)); }},
    {"notices about nobody", [](self x) {
       for (auto kind : {record_kind::watch, record_kind::down, record_kind::release, record_kind::link, record_kind::unlink,
                         record_kind::exit, record_kind::spawn, record_kind::rooted, record_kind::spawned, record_kind::stop,
                         record_kind::freeze, record_kind::frozen, record_kind::thaw, record_kind::hand_over})
         for (process_number process : {x.number_, 1000u, 0xffffffffu})
           for (uint64_t actor : {uint64_t{0}, uint64_t{99'999}, ~uint64_t{0}})
             for (size_t bytes : {size_t{0}, size_t{5}, size_t{500}})
               x.send(kind, {actor, actor, actor, process, process}, caf::byte_buffer(bytes, caf::byte{0xa5}));
     }},
    {"states of anybody", [](self x) { for (auto root : {x.root_, uint64_t{0}, own_actor, ~uint64_t{0}}) for (size_t bytes : {0, 3, 50'000})
       x.send(record_kind::snapshot, {root, root, root, 0, x.number_}, caf::byte_buffer(bytes, caf::byte{0xff}), 0xfffd); }},
    {"its root changes", [](self x) {
       for (uint64_t local : {uint64_t{0}, uint64_t{1}, own_actor, ~uint64_t{0}})
         x.send(record_kind::rooted, {x.root_, local, 0, 0, x.number_});
       x.send(record_kind::rooted, {x.root_, own_actor, 0, 0, x.number_});
       x.send(record_kind::spawned, {x.root_, 0, 0, 0, x.number_},
              encode_reason(nullptr, caf::make_error(errc::constructor_failed), 1024));
       x.send(record_kind::spawned, {x.root_, 0, 0, 0, x.number_}, caf::byte_buffer(3, caf::byte{0xff}));
     }},
    {"actors of others are said to be down", [](self x) {
       for (process_number process : {0u, 1u})
         for (uint64_t actor = 0; actor < 300; ++actor)
           if (process != 0 || actor != x.root_)
             x.send(record_kind::down, {0, actor, 0, 0, process}, encode_reason(nullptr, caf::exit_reason::kill, 1024));
     }},
    // answers
    {"the answer is garbage", [](self x) {
       x.send(record_kind::message,
              {x.asked_.source, own_actor, caf::make_message_id(x.asked_.word).response_id().integer_value(),
               x.asked_.source_process, x.number_},
              caf::byte_buffer(50, caf::byte{0xff}));
     }},
  };
  // clang-format on
  return all;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 2)
    return 64;
  init_types<caf::id_block::test>();
  auto host = receive_hello(worker_fd::control);
  if (!host)
    return 64;
  auto end = adopt_edge(host->geometry, platform::unique_fd{worker_fd::down_region},
                        platform::unique_fd{worker_fd::up_region}, platform::unique_fd{worker_fd::worker_bell},
                        platform::unique_fd{worker_fd::host_bell}, platform::unique_fd{worker_fd::channel});
  if (!end || !send_verdict(worker_fd::control, {}))
    return 1;
  hostile_worker{std::move(*end), *host}.serve(argv[1]);
}
