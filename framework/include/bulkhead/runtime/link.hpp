#pragma once

#include "bulkhead/runtime/authority.hpp"
#include "bulkhead/runtime/backlog.hpp"
#include "bulkhead/runtime/crowded_receivers.hpp"
#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/runtime/handled_log.hpp"
#include "bulkhead/runtime/link_events.hpp"
#include "bulkhead/runtime/parked_messages.hpp"
#include "bulkhead/runtime/pending_table.hpp"
#include "bulkhead/runtime/resolve_cache.hpp"
#include "bulkhead/shm/turn.hpp"
#include "bulkhead/transport/borrower.hpp"
#include "bulkhead/transport/codec.hpp"
#include "bulkhead/transport/descriptor_channel.hpp"
#include "bulkhead/transport/edge.hpp"
#include "bulkhead/transport/inbox.hpp"
#include "bulkhead/transport/lender.hpp"
#include "bulkhead/transport/outbox.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/error.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/node_id.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace bulkhead::runtime {

class caf_proxy;
class departure;
class router;

/// One process's view of an edge in terms of actors: turns messages into records and records into messages, and keeps
/// the books that make a crash look like the end of an actor.
///
/// Thread safety: everything but `poll`, `arm` and `disarm` from any thread; these three by the one thread that holds
/// `try_read`. Lifetime: shared by the owner, the loop that polls it and the proxies that send through it; after `close`
/// it answers every request with the reason.
class link final : public std::enable_shared_from_this<link>, public transport::loan_returns, public ticket_returns {
public:
  /// Not by `make_shared`: payloads refer to it weakly for long, and would keep its memory.
  /// @param events must outlive the link's last `poll`.
  static std::shared_ptr<link> make(router& routes, transport::process_number peer, transport::edge end,
                                    const link_limits& limits, link_events& events);

  link(const link&) = delete;
  link& operator=(const link&) = delete;
  ~link();

  /// A link without other end, for proxies of actors that are gone or out of reach.
  static std::shared_ptr<link> nowhere(router& routes);

  [[nodiscard]] transport::process_number peer() const noexcept {
    return peer_;
  }

  [[nodiscard]] const caf::node_id& peer_node() const noexcept {
    return peer_node_;
  }

  [[nodiscard]] router& routes() const noexcept {
    return router_;
  }

  // -- sending ----------------------------------------------------------------

  /// Sends `what` to the actor behind `to`. Returns false if it was turned away; a request then has its error.
  bool forward(caf_proxy& to, caf::mailbox_element_ptr what, caf::execution_unit* context);

  /// Tells `who`'s process that this one wants to know when it ends.
  void watch(const wire_address& who);

  /// Tells `who`'s process that this one has no proxy any more, unless it has got a new one meanwhile.
  /// @param local what a root is called in its own worker; else 0.
  /// @returns false if that cannot be told now. Only on the loop.
  [[nodiscard]] bool release(const wire_address& who, uint64_t local);

  /// The payloads that the peer reads; null if there is no peer.
  [[nodiscard]] transport::lender* payloads() noexcept {
    return lender_ ? &*lender_ : nullptr;
  }

  /// Gives memory for payloads back to the system that was not used since `before_ns`.
  /// @returns whether there is more that is not used.
  bool trim(uint64_t before_ns);

  void return_loan(uint64_t loan) override;
  void return_tickets(std::span<const uint64_t> tickets) override;

  // -- back pressure ----------------------------------------------------------

  /// How many messages may wait for one receiver.
  [[nodiscard]] uint64_t messages_max() const noexcept {
    return options_.each.messages_max;
  }

  /// Whether nothing keeps an actor from sending to `who` any more: there is room, or it is no use to wait for it.
  [[nodiscard]] bool may_send(const flow& who) const;

  /// Whether only the receiver itself can make room for `who`.
  [[nodiscard]] bool waits_for_receiver(const flow& who) const {
    return !closed_ && backlog_->waits_for_receiver(who);
  }

  /// Tells the host who waits in this worker; the other way round asks the worker for it.
  void tell_waits(const std::vector<wait_edge>& all);

  /// As `break_circle`, in the peer, which knows the wait as `id`.
  void break_circle_there(uint64_t id, const wire_address& target, const std::string& circle);

  /// Looks after receivers that are at their limits: who is slow is reported, and not waited for.
  /// @param lost_ns for so long this process did not run just before.
  /// @returns whether it has to look again.
  bool check_receivers(uint64_t now_ns, uint64_t lost_ns);

  /// It is no use to wait for `target`: actors that do so wait for each other. `circle` is for people.
  void break_circle(const wire_address& target, const std::string& circle);

  /// The same of a request that is awaited: it fails.
  void break_circle(const pending_table::entry& request, const std::string& circle);

  /// Nobody waits any more for the answers to `over`: those of them that were sent through here are closed without one, those that were
  /// made in their handlers fail with `caf::sec::request_timeout`, and the peer is told of both.
  /// On the thread that closes links.
  /// @param caused gets the latter.
  void lapse(const request_set& over, request_set& caused);

  /// The handler of the message with this ticket runs for too long: it may ask, and gets to know.
  void tell_overdue(uint64_t ticket) noexcept;

  /// Whether no handler was entered for the message with this ticket; or, for some time after the first `want_tickets`, unknown.
  [[nodiscard]] bool is_open(uint64_t ticket) const {
    return !closed_ && backlog_->is_open(ticket);
  }
  void want_tickets();

  void link_to(const wire_address& target, const caf::strong_actor_ptr& observer);
  void unlink(const wire_address& target, const caf::actor_control_block& observer);
  void spawn(uint64_t root, transport::spawn_request& what);
  void rooted(uint64_t root, uint64_t local);
  void spawned(uint64_t root, const caf::error& reason);
  void tell(transport::record_kind what, uint64_t word = 0); // a record that is its kind and a word
  /// What the successor of `root` shall start with, to the host; without `actor`, what the root itself shall, to its worker.
  [[nodiscard]] caf::error snapshot(uint64_t root, const caf::actor_control_block* actor, caf::byte_buffer&& encoded);

  class hold;

  /// The peer is told when `who` ends; at once if it has.
  void report_end(const wire_address& who, const caf::strong_actor_ptr& actor);

  /// Tells the peer that `who` has ended.
  void tell_end(const wire_address& who, const caf::error& reason);

  /// Answers a request with an error.
  void answer(const caf::strong_actor_ptr& requester, caf::message_id request, caf::error reason,
              caf::execution_unit* context);

  /// What a request to an actor gets that ended with `reason`.
  static caf::error after_end(const caf::error& reason);

  // -- receiving --------------------------------------------------------------

  /// Whether the caller may read; then `done_reading` must follow.
  [[nodiscard]] bool try_read() noexcept;
  void done_reading() noexcept {
    reading_.give_back();
  }

  /// Takes up to `records_max` records and enqueues what they say with `unit`.
  size_t poll(caf::execution_unit& unit, size_t records_max);

  /// Whether `poll` would find something to do.
  [[nodiscard]] bool has_work() const noexcept {
    return inbox_ && (inbox_->has_data() || outbox_->has_waiting());
  }

  [[nodiscard]] bool arm() noexcept {
    return !inbox_ || inbox_->arm();
  }
  void disarm() noexcept {
    if (inbox_)
      inbox_->disarm();
  }

  /// The descriptor that becomes readable when the peer rings.
  [[nodiscard]] int bell() const noexcept;
  void drain_bell() const noexcept;

  /// Takes all that is there, on a thread that is not the poller's.
  void drain();

  // -- the end ----------------------------------------------------------------

  /// Reads what is left, answers all open requests and ends all proxies. `death` says why; without it the peer was
  /// stopped in good order. `kept` requests stay open.
  void close(const std::optional<worker_death>& death, const request_set& kept = {});

  /// Gives back the memory and the descriptors of a closed link, which handles may keep for long. Once nobody watches the
  /// bell any more.
  void let_go();

  [[nodiscard]] bool closed() const noexcept {
    return closed_;
  }

  /// How far the worker has come with what was sent to it; empty if it does not say.
  [[nodiscard]] std::span<std::byte> ticket_states() const noexcept;

  /// What the peer left as last words; 0 if nothing.
  [[nodiscard]] uint32_t last_words() const noexcept;
  [[nodiscard]] const shm::black_box& black_box() const noexcept;

  /// How many loops were awake when the host looked last.
  [[nodiscard]] uint32_t hint() const noexcept;
  void give_hint(uint32_t awake_loops) noexcept;

  /// Whether the peer's loop sleeps.
  [[nodiscard]] bool peer_sleeps() const noexcept;

  [[nodiscard]] uint64_t dropped() const noexcept {
    return dropped_;
  }

  [[nodiscard]] pending_table& requests() noexcept {
    return pending_;
  }

  /// Whether everything that was sent is in the mailbox.
  [[nodiscard]] bool flushed() const noexcept;

  /// The same, and nothing waits for room at its receiver.
  [[nodiscard]] bool all_sent() const {
    return flushed() && parked_->empty();
  }

private:
  link(router& routes, transport::process_number peer, transport::edge end, const link_limits& limits,
       link_events& events);
  explicit link(router& routes);

  using outcome = transport::outbox::outcome;

  static caf::error as_refusal(outcome result, size_t bytes, const caf::message& content,
                               const transport::outgoing_attachments& beside);
  bool forward_exit(caf_proxy& to, caf::mailbox_element& what);
  bool refuse(caf::mailbox_element& what, caf::error reason, caf::execution_unit* context);
  bool send_message(caf_proxy& to, transport::envelope head, caf::mailbox_element_ptr& what, bool unparked,
                    caf::execution_unit* context);
  bool tells_foreign_end(const caf::message& content) const;
  bool fill_head(transport::envelope& head, const caf::mailbox_element& what);
  bool admit(caf_proxy& to, const flow& who, uint64_t bytes, bool unparked, caf::mailbox_element_ptr& what,
             uint64_t& ticket, caf::execution_unit* context);
  bool parks(const flow& who, uint64_t bytes) const;
  bool park(caf_proxy& to, const flow& who, uint64_t bytes, caf::mailbox_element_ptr& what,
            caf::execution_unit* context);
  backlog::room worst_room(const flow& who, const caf::mailbox_element& what, bool unparked) const;
  void refuse_all(std::vector<parked_messages::message> messages, const caf::error& reason);
  void note_crowded(const wire_address& target);
  void unpark();
  void tell_demand(uint64_t changes);
  bool take_tickets(std::span<const std::byte> body);
  void on_handled(const transport::incoming& record);
  void on_report(const transport::incoming& record);
  void on_waits(const transport::incoming& record);
  void on_give_up(const transport::incoming& record);
  void on_lapse(const transport::incoming& record);
  void report(backlog_event what);
  void count_dropped() noexcept;
  const std::shared_ptr<handled_log>& handled();
  void send_error_response(const transport::envelope& head, caf::error reason);
  void wait_for_turn() noexcept;
  void release_one(const wire_address& who);
  void send_plain(transport::record_kind kind, const transport::envelope& head);
  void send_with_reason(transport::record_kind kind, const transport::envelope& head, const caf::error& reason);
  void dispatch(const transport::incoming& record, caf::execution_unit& unit);
  caf::strong_actor_ptr resolve(const wire_address& who);
  caf::strong_actor_ptr reach(const wire_address& who);
  bool objects(const std::string& complaint);
  caf::byte_buffer encoded_reason(const caf::error& reason);
  void on_message(const transport::incoming& record, caf::execution_unit& unit);
  void on_spawn(const transport::incoming& record, caf::execution_unit& unit);
  caf::error open_attachments(const transport::incoming& record, std::span<const std::byte>& body,
                              transport::incoming_attachments& beside);
  void on_watch(const wire_address& who);
  void on_down(const wire_address& who, caf::error reason);
  void on_link(const transport::envelope& head);
  void on_unlink(const transport::envelope& head);
  void on_exit(const transport::incoming& record, caf::execution_unit& unit);
  void found_corrupt(const std::string& complaint);
  request_set untouched_requests();

  /// A reason with a larger context travels as text.
  static constexpr size_t reason_bytes_max = 1024;

  router& router_;
  const transport::process_number peer_;
  const caf::node_id peer_node_;
  link_events* events_ = nullptr;
  std::optional<transport::edge> edge_;
  std::optional<transport::inbox> inbox_;
  std::optional<transport::outbox> outbox_;
  std::optional<transport::descriptor_channel> channel_;
  std::optional<transport::lender> lender_;
  std::optional<transport::borrower> borrower_;
  pending_table pending_;
  backlog_options options_;
  std::optional<backlog> backlog_;
  std::optional<parked_messages> parked_;
  crowded_receivers crowded_;
  /// Made by the thread that reads, for the first message.
  std::shared_ptr<handled_log> handled_;
  /// Of the thread that reads. What the worker reaches is kept apart from what speaks; in a worker all are in the first.
  std::unique_ptr<resolve_cache> resolved_;
  std::unique_ptr<resolve_cache> reached_;
  /// In the host only.
  std::optional<authority> authority_;
  shm::turn reading_;
  std::atomic<bool> closed_ = false;
  std::atomic<bool> corrupt_ = false;
  std::atomic<uint64_t> dropped_ = 0;
  std::atomic<uint64_t> dropped_told_ = 0;
  caf::error end_reason_;
};

} // namespace bulkhead::runtime
