#pragma once

#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/runtime/pending_table.hpp"
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

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace bulkhead::runtime {

class caf_proxy;
class departure;
class router;

/// What a link leaves to the owner of the worker, or to the worker itself.
///
/// Called on the thread that polls the link, except `on_corrupt`, which any sender may find first.
class link_events {
public:
  virtual ~link_events();

  /// The host wants an actor. Only in workers.
  virtual void on_spawn(uint64_t root, transport::spawn_request what, caf::execution_unit& unit);

  /// Root `root` is actor `local` there. Only in the host, as the next two.
  virtual void on_rooted(uint64_t root, uint64_t local);

  virtual void on_spawned(uint64_t root, caf::error reason);

  /// Nobody in the host refers to this root any more. Only in workers.
  virtual void on_root_released(uint64_t root);

  virtual void on_root_down(uint64_t root, const caf::error& reason);

  /// Only in workers.
  virtual void on_stop();

  /// The peer wrote something impossible.
  virtual void on_corrupt(const std::string& complaint);
};

/// Limits of one direction of an edge.
struct link_limits {
  transport::outbox_limits records;
  transport::lender::options payloads;
};

/// One process's view of an edge in terms of actors: turns messages into records and records into messages, and keeps
/// the books that make a crash look like the end of an actor.
///
/// Thread safety: everything but `poll`, `arm` and `disarm` from any thread; these three by the one thread that holds
/// `try_read`. Lifetime: shared by the owner, the loop that polls it and the proxies that send through it; after `close`
/// it answers every request with the reason.
class link final : public std::enable_shared_from_this<link>, public transport::loan_returns {
public:
  /// @param events must outlive the link's last `poll`.
  link(router& routes, transport::process_number peer, transport::edge end, const link_limits& limits,
       link_events& events);

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

  void link_to(const wire_address& target, const caf::strong_actor_ptr& observer);
  void unlink(const wire_address& target, const caf::actor_control_block& observer);
  void spawn(uint64_t root, transport::spawn_request& what);
  void rooted(uint64_t root, uint64_t local);
  void spawned(uint64_t root, const caf::error& reason);
  void stop();

  /// While it lives, what the calling thread sends through this link waits.
  class hold {
  public:
    explicit hold(link& what);
    ~hold();
    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;

  private:
    link& link_;
  };

  /// Sends a `down` for `who` when it ends; at once if it has.
  void report_end(const wire_address& who, const caf::strong_actor_ptr& actor);

  /// Answers a request with an error.
  void answer(const caf::strong_actor_ptr& requester, caf::message_id request, caf::error reason,
              caf::execution_unit* context);

  /// What a request to an actor gets that ended with `reason`.
  static caf::error after_end(const caf::error& reason);

  // -- receiving --------------------------------------------------------------

  /// Whether the caller may read; then `done_reading` must follow.
  [[nodiscard]] bool try_read() noexcept {
    if (closed_ || !reading_.try_take())
      return false;
    if (!closed_)
      return true;
    reading_.give_back();
    return false;
  }
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
  /// stopped in good order.
  void close(const std::optional<worker_death>& death);

  /// Gives back the memory and the descriptors of a closed link, which handles may keep for long. Once nobody watches the
  /// bell any more.
  void let_go();

  [[nodiscard]] bool closed() const noexcept {
    return closed_;
  }

  /// What the peer left as last words; 0 if nothing.
  [[nodiscard]] uint32_t last_words() const noexcept;
  void leave_last_words(uint32_t cause) noexcept;

  /// How many loops were awake when the host looked last.
  [[nodiscard]] uint32_t hint() const noexcept;
  void give_hint(uint32_t awake_loops) noexcept;

  /// Whether the peer's loop sleeps.
  [[nodiscard]] bool peer_sleeps() const noexcept;

  [[nodiscard]] uint64_t dropped() const noexcept {
    return dropped_;
  }

  [[nodiscard]] size_t open_requests() const {
    return pending_.size();
  }

  /// Whether everything that was sent is in the mailbox.
  [[nodiscard]] bool flushed() const noexcept {
    return !outbox_ || !outbox_->has_waiting();
  }

private:
  explicit link(router& routes);

  using outcome = transport::outbox::outcome;
  using admission = transport::outbox::admission;

  static caf::error as_refusal(outcome result, size_t bytes, const caf::message& content);
  bool forward_exit(caf_proxy& to, caf::mailbox_element& what);
  bool refuse(caf::mailbox_element& what, caf::error reason, caf::execution_unit* context);
  bool send_message(const transport::envelope& head, caf::mailbox_element& what, caf::execution_unit* context);
  void send_error_response(const transport::envelope& head, caf::error reason);
  void wait_for_turn() noexcept;
  void release_one(const wire_address& who);
  void send_plain(transport::record_kind kind, const transport::envelope& head);
  void send_with_reason(transport::record_kind kind, const transport::envelope& head, const caf::error& reason);
  void dispatch(const transport::incoming& record, caf::execution_unit& unit);
  caf::strong_actor_ptr find(const wire_address& who);
  caf::strong_actor_ptr resolve(const wire_address& who);
  caf::strong_actor_ptr known(const wire_address& who, caf::strong_actor_ptr (router::*look_up)(const wire_address&));
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

  /// A handle that was resolved lately. Weak: it must not keep an actor alive; one that is gone is resolved anew.
  struct resolved {
    wire_address who;
    caf::weak_actor_ptr actor;
  };

  static constexpr size_t resolved_max = 2048;

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
  /// Of the thread that reads.
  std::array<resolved, resolved_max> resolved_;
  std::mutex watched_mutex_;
  std::set<std::pair<transport::process_number, uint64_t>> watched_;
  shm::turn reading_;
  std::atomic<bool> closed_ = false;
  std::atomic<bool> corrupt_ = false;
  std::atomic<uint64_t> dropped_ = 0;
  caf::error end_reason_;
};

} // namespace bulkhead::runtime
