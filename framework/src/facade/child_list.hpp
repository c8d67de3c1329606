#pragma once

#include "bulkhead/runtime/outcome.hpp"
#include "bulkhead/supervisor.hpp"

#include <caf/actor_addr.hpp>
#include <caf/disposable.hpp>
#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bulkhead {

/// Somebody, on whatever thread, who has asked a supervisor for something: told once, and also when the supervisor has gone.
template <class T>
class asker {
public:
  explicit asker(std::shared_ptr<runtime::outcome<T>> result) noexcept : result_(std::move(result)) {
    // nop
  }

  ~asker() {
    result_->fail(caf::make_error(caf::sec::request_receiver_down, "the supervisor has ended"));
  }

  asker(const asker&) = delete;
  asker& operator=(const asker&) = delete;

  [[nodiscard]] runtime::outcome<T>& result() noexcept {
    return *result_;
  }

private:
  const std::shared_ptr<runtime::outcome<T>> result_;
};

/// A child as its supervisor knows it.
struct listed_child : std::enable_shared_from_this<listed_child> {
  using up_callback = std::function<void(const caf::expected<caf::actor>&)>;

  child_spec spec;
  child_status status;
  /// In the order of start.
  uint64_t place = 0;
  /// It came when the supervisor ran already; a temporary one of these goes from the list when it has ended.
  bool added = false;
  /// It was not up since it was added: if its start fails, it goes, and that is no death.
  bool joining = false;
  /// Its start is under way.
  bool in_flight = false;
  /// Number of its starts. The answer to an earlier one comes too late.
  uint64_t starts = 0;
  /// A timer limits the start that is under way.
  bool start_limited = false;
  bool started_before = false;
  /// It has to end before any other child starts.
  bool doomed = false;
  /// It is not started again when it has ended.
  bool dropped = false;
  /// The same, and it goes from the list; the others do not wait for that.
  bool dismissed = false;
  /// Not started before.
  supervision::time_point due{};
  /// How often it was told to end: a timer of an earlier time says nothing.
  uint64_t stops = 0;
  caf::disposable timer;
  /// Until it is up.
  std::vector<up_callback> waiting;
  /// Until it has ended.
  std::vector<std::shared_ptr<asker<void>>> dismissed_by;
};

/// The children of a supervisor, in the order of their start. Callbacks that come later hold a child weakly, since it may have gone.
///
/// Whoever changes `status.state`, `doomed`, `in_flight` or `status.handle` of a child says so with `refile`, so that nobody needs to
/// look at all children to find those with which something is to be done.
///
/// Thread safety: of its supervisor's turns.
class child_list {
public:
  using child_ptr = std::shared_ptr<listed_child>;

  /// @returns the new child, the last one.
  child_ptr add(child_spec spec);
  void remove(listed_child& who);

  [[nodiscard]] child_ptr find(std::string_view name) const;

  /// The child whose handle has this address.
  [[nodiscard]] child_ptr find(const caf::actor_addr& address) const;

  /// Whether that was the address of a child not long ago: if it was linked to the supervisor, its end is told twice.
  [[nodiscard]] bool was_child(const caf::actor_addr& address) const noexcept;

  void set_handle(listed_child& who, caf::actor handle);
  void clear_handle(listed_child& who);
  void refile(const listed_child& who);

  /// Of those that are `doomed`; null if there are none.
  [[nodiscard]] child_ptr last_doomed() const;

  /// Of those that are `starting`; null if there are none.
  [[nodiscard]] child_ptr first_starting() const;

  /// `starting`, not under way, and not `doomed`.
  [[nodiscard]] std::vector<child_ptr> startable() const;

  [[nodiscard]] const std::map<uint64_t, child_ptr>& all() const noexcept {
    return all_;
  }

  /// Takes all of them out.
  std::map<uint64_t, child_ptr> release();

private:
  [[nodiscard]] child_ptr at(uint64_t place) const;

  std::map<uint64_t, child_ptr> all_;
  /// Keys are in the children.
  std::unordered_map<std::string_view, listed_child*> by_name_;
  std::unordered_map<caf::actor_addr, listed_child*> by_address_;
  /// By their places.
  std::set<uint64_t> doomed_;
  std::set<uint64_t> starting_;
  std::set<uint64_t> startable_;
  /// Numbers, since an address would keep an actor's memory.
  std::deque<std::pair<caf::actor_id, caf::node_id>> gone_;
  uint64_t next_place_ = 0;
};

} // namespace bulkhead
