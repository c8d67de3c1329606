#pragma once

#include "bulkhead/runtime/export_table.hpp"
#include "bulkhead/runtime/pending_table.hpp"
#include "bulkhead/transport/inbox.hpp"
#include "bulkhead/transport/record.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace bulkhead::runtime {

class link;
class link_events;
class router;

/// What a worker may say. A record from a worker is input: whom it speaks for and whom it is for are claims, and this class decides which
/// of them hold. The host asks it for each record; a worker believes its host and has none.
///
/// A worker speaks for its own actors, and for the sender of a message that it passes on: once for each one-way message, and for a
/// request while that is open. It reaches its own actors and those whose handles it was given and has not given back (object
/// capabilities: Miller, Robust composition, 2006, with the export table as the list of capabilities).
///
/// An honest worker may be late: it names an actor that has ended, or passes on a request that has lapsed. Both are ignored.
///
/// Thread safety: `lapsed` from any thread; all else by the thread that reads the link. Lifetime: of its link.
class authority {
public:
  /// Whom a record is from.
  enum class source_rule : uint8_t {
    /// The field means nothing.
    none,
    /// An actor of the worker.
    own,
    /// The same, or no actor at all.
    own_or_anonymous,
    /// The same, or who sent what is passed on.
    speaker,
    /// An actor of the worker, or one of its roots under the host's name.
    own_or_root,
  };

  /// Whom a record is for, or about.
  enum class target_rule : uint8_t {
    none,
    /// An actor that the worker reaches.
    reached,
    /// A root of the worker.
    root,
  };

  /// What holds for one kind of record.
  struct rights {
    transport::record_kind kind;
    const char* name;
    /// Whether it ever comes from a worker.
    bool from_worker;
    source_rule source;
    target_rule target;
  };

  /// One entry for each kind, in the order of their numbers. `docs/protocol.md` has the same table.
  static constexpr std::array<rights, static_cast<size_t>(transport::last_record_kind)> all_rights{{
    {transport::record_kind::message, "message", true, source_rule::speaker, target_rule::reached},
    {transport::record_kind::piece, "piece", true, source_rule::none, target_rule::none},
    {transport::record_kind::watch, "watch", true, source_rule::none, target_rule::reached},
    {transport::record_kind::down, "down", true, source_rule::own_or_root, target_rule::none},
    {transport::record_kind::release, "release", true, source_rule::none, target_rule::none},
    {transport::record_kind::link, "link", true, source_rule::own, target_rule::reached},
    {transport::record_kind::unlink, "unlink", true, source_rule::own, target_rule::reached},
    {transport::record_kind::exit, "exit", true, source_rule::own_or_anonymous, target_rule::reached},
    {transport::record_kind::spawn, "spawn", false, source_rule::none, target_rule::none},
    {transport::record_kind::rooted, "rooted", true, source_rule::none, target_rule::root},
    {transport::record_kind::spawned, "spawned", true, source_rule::none, target_rule::root},
    {transport::record_kind::stop, "stop", false, source_rule::none, target_rule::none},
    {transport::record_kind::give_back, "give back", true, source_rule::none, target_rule::none},
    {transport::record_kind::handled, "handled", true, source_rule::none, target_rule::none},
    {transport::record_kind::forget_chunk, "forget chunk", true, source_rule::none, target_rule::none},
    {transport::record_kind::demand, "demand", true, source_rule::none, target_rule::none},
    {transport::record_kind::report, "report", true, source_rule::none, target_rule::none},
    {transport::record_kind::waits, "waits", true, source_rule::none, target_rule::none},
    {transport::record_kind::give_up, "give up", false, source_rule::none, target_rule::none},
    {transport::record_kind::freeze, "freeze", false, source_rule::none, target_rule::none},
    {transport::record_kind::frozen, "frozen", true, source_rule::none, target_rule::none},
    {transport::record_kind::thaw, "thaw", false, source_rule::none, target_rule::none},
    {transport::record_kind::snapshot, "snapshot", true, source_rule::own, target_rule::none},
    {transport::record_kind::hand_over, "hand over", false, source_rule::none, target_rule::none},
    {transport::record_kind::lapse, "lapse", true, source_rule::own, target_rule::none},
  }};

  [[nodiscard]] static constexpr const rights& rights_of(transport::record_kind kind) noexcept {
    return all_rights[static_cast<size_t>(kind) - 1];
  }

  /// @param of the link to the worker; it, `routes`, `open` and `events` outlive this object.
  authority(const link& of, router& routes, pending_table& open, const link_events& events)
    : link_(of), routes_(routes), open_(open), events_(events) {
    // nop
  }

  /// What a worker is to the source of a message that it sends.
  enum class standing : uint8_t {
    speaks,
    /// Its source has ended, so its receiver sees no sender.
    anonymous,
    /// It is a request that has lapsed.
    late,
    lies,
  };

  [[nodiscard]] standing speaks_for(const wire_address& source, caf::message_id mid);

  /// Whether `source` is an actor of this worker, under its own name or as a root.
  [[nodiscard]] bool owns(const wire_address& source) const;

  /// The actor that a record is for: null if it has ended; nothing if the worker cannot know it.
  [[nodiscard]] std::optional<caf::strong_actor_ptr> reach(const wire_address& who) const;

  /// Why the worker cannot send such a record; empty if it can. Says nothing of whom it is for, nor of the source of a message.
  [[nodiscard]] std::string objection_to(const transport::incoming& record) const;

  /// Why the worker cannot say what a message holds; empty if it can.
  [[nodiscard]] std::string objection_to(const transport::incoming& record, const caf::message& content,
                                         const caf::mailbox_element::forwarding_stack& stages) const;

  /// The complaint about a record for an actor that the worker does not reach.
  [[nodiscard]] static std::string stranger(const wire_address& who);

  /// The complaint about a record from somebody for whom the worker does not speak.
  [[nodiscard]] static std::string false_source(const transport::incoming& record);

  /// Whether no process sends this as a message to another one: CAF itself makes it, and actors believe it.
  [[nodiscard]] static bool is_of_runtime(caf::message_id mid, const caf::message& content) noexcept;

  /// Whose end a message tells; null if it tells none.
  [[nodiscard]] static const caf::actor_addr* told_end(const caf::message& content) noexcept;

  /// A request to the worker was closed by others than it.
  void lapsed() noexcept {
    ++late_;
  }

private:
  [[nodiscard]] bool may_name(const wire_address& who) const;
  [[nodiscard]] bool tells_foreign_end(const caf::message& content) const;
  [[nodiscard]] bool is_at_home(const caf::strong_actor_ptr& actor) const;
  [[nodiscard]] standing delegates(const request_key& request);

  const link& link_;
  router& routes_;
  pending_table& open_;
  const link_events& events_;
  /// Requests that it has passed on lately: it may ask several, as CAF's pools do. The first answer counts.
  std::array<request_key, 64> delegated_;
  size_t next_delegated_ = 0;
  /// So many requests that it passes on may not be open any more.
  std::atomic<uint64_t> late_ = 0;
};

} // namespace bulkhead::runtime
