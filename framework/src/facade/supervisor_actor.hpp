#pragma once

#include "child_list.hpp"

#include "bulkhead/runtime/listener_list.hpp"
#include "bulkhead/runtime/running_time.hpp"
#include "bulkhead/supervisor.hpp"

#include <caf/disposable.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
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

  /// A child that another supervisor left behind.
  struct orphan {
    child_spec spec;
    caf::actor handle;
  };

  supervisor_actor(caf::actor_config& cfg, const supervisor_options& options, std::vector<child_spec> specs);

  /// Ends the orphans, and itself.
  supervisor_actor(caf::actor_config& cfg, const supervisor_options& options, std::vector<orphan> left);

  const char* name() const override;
  caf::behavior make_behavior() override;
  void on_exit() override;

  // -- changes, in one of its turns -------------------------------------------

  void add(child_spec what, std::shared_ptr<asker<caf::actor>> by);
  void dismiss(const std::string& name, std::shared_ptr<asker<void>> by);
  void restart(const std::string& name, const std::shared_ptr<asker<caf::actor>>& by);

private:
  using child_ptr = child_list::child_ptr;

  struct death {
    time_point when;
    std::string text;
  };

  void step();
  void step_once();
  [[nodiscard]] bool stop_next();
  void start_next();
  [[nodiscard]] time_point start_one_by_one(time_point now);
  [[nodiscard]] time_point start_all_due(time_point now);
  // Whoever calls one of these holds the child, which may go from the list meanwhile:
  void start(const child_ptr& who);
  void limit_start(listed_child& who);
  void on_started(listed_child& who, caf::expected<caf::actor> result);
  void become_up(listed_child& who);
  void stop(listed_child& who);
  void force(const child_ptr& who);
  void on_ended(listed_child& who, const caf::error& reason);
  void on_death(listed_child& who, const caf::error& reason);
  void start_again(listed_child& who, time_point due);
  void end_for_good(listed_child& who);
  void take_out(listed_child& who);
  void settle(listed_child& who, child_state now);
  void answer(listed_child& who, const caf::expected<caf::actor>& what);
  [[nodiscard]] child_ptr find_to_change(const std::string& name, caf::error& why_not) const;
  [[nodiscard]] std::string story() const;
  void end_all(caf::error reason);
  void subscribe(const caf::actor& listener);
  void tell_up();
  caf::result<caf::actor> look_up(const std::string& name);
  caf::disposable after(supervision::duration delay, std::function<void()> what);
  void limit(listed_child& who, supervision::duration time, std::function<void()> what);
  void go_on(const std::weak_ptr<listed_child>& who, supervision::time_point due,
             std::shared_ptr<runtime::running_time> passed, std::function<void()> what);

  const supervisor_options options_;
  const restart_policy intensity_;
  child_list children_;
  std::vector<death> deaths_;
  runtime::listener_list listeners_;
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
