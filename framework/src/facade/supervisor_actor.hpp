#pragma once

#include "bulkhead/supervisor.hpp"

#include <caf/disposable.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace bulkhead {

/// The actor behind `supervise`. Each event changes what is wanted of the children; `step` then does what can be done now: children that
/// are `doomed` end, the last one first, before any other one starts, the first one first.
class supervisor_actor final : public caf::event_based_actor {
public:
  using time_point = supervision::time_point;

  struct child {
    child_spec spec;
    child_status status;
    /// Of the incarnation before: if it was linked to the supervisor, its end is told twice.
    caf::actor_addr before;
    /// Its start is under way.
    bool in_flight = false;
    bool started_before = false;
    /// It has to end before any other child starts.
    bool doomed = false;
    /// It is not started again when it has ended.
    bool dropped = false;
    /// Not started before.
    time_point due{};
    /// How often it was told to end: a timer of an earlier time says nothing.
    uint64_t stops = 0;
    caf::disposable timer;
    std::vector<caf::typed_response_promise<caf::actor>> waiting;
  };

  supervisor_actor(caf::actor_config& cfg, const supervisor_options& options, std::vector<child_spec> specs);

  /// Ends the children that another supervisor left behind.
  supervisor_actor(caf::actor_config& cfg, const supervisor_options& options, std::vector<child> left);

  const char* name() const override;
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct death {
    time_point when;
    std::string text;
  };

  void step();
  void step_once();
  [[nodiscard]] bool stop_next();
  void start_next();
  void start(child& who);
  void on_started(child& who, caf::expected<caf::actor> result);
  void become_up(child& who);
  void stop(child& who);
  void force(child& who);
  void on_ended(child& who, const caf::error& reason);
  void on_death(child& who, const caf::error& reason);
  [[nodiscard]] child* find(const caf::actor_addr& source) noexcept;
  [[nodiscard]] bool was_child(const caf::actor_addr& source) const noexcept;
  [[nodiscard]] std::string story() const;
  void settle(child& who, child_state now);
  void end_all(caf::error reason);
  void subscribe(const caf::actor& listener);
  void tell_up();
  caf::result<caf::actor> look_up(const std::string& name);
  caf::disposable after(supervision::duration delay, std::function<void()> what);

  const supervisor_options options_;
  const restart_policy intensity_;
  std::vector<child> children_;
  std::vector<death> deaths_;
  std::vector<caf::weak_actor_ptr> listeners_;
  /// Why it ends, as soon as it does.
  std::optional<caf::error> ending_;
  /// Itself, while it ends: nobody else may care any more.
  caf::strong_actor_ptr kept_;
  /// Those whose child it is, while they wait until it is up.
  std::vector<caf::weak_actor_ptr> parents_;
  bool all_were_up_ = false;
  bool stepping_ = false;
  bool step_again_ = false;
  caf::disposable next_step_;
  std::minstd_rand chance_{std::random_device{}()};
};

} // namespace bulkhead
