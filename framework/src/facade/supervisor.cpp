#include "bulkhead/supervisor.hpp"

#include "supervisor_actor.hpp"

#include "bulkhead/runtime/caf_scheduler.hpp"

#include <caf/action.hpp>

#include <memory>
#include <set>
#include <string>
#include <utility>

namespace bulkhead {

namespace {

caf::error misuse_of(std::string option, std::string rule) {
  return caf::make_error(errc::invalid_option, std::move(option), std::move(rule));
}

caf::error check_child(const child_spec& x) {
  using namespace std::chrono_literals;
  if (x.name.empty())
    return misuse_of("name", "must not be empty for a child");
  if (!x.start)
    return misuse_of("start", "must be a function for " + x.name);
  if (x.restart > restart_type::temporary)
    return misuse_of("restart", "must be permanent, transient or temporary for " + x.name);
  if (x.stop_within < 0ms || x.stop_within > 24h)
    return misuse_of("stop_within", "must be between 0 ms and 24 hours for " + x.name);
  return x.wrong;
}

caf::error check_tree(const supervisor_options& options, const std::vector<child_spec>& children) {
  if (auto wrong = supervision::check(options); !wrong.option.empty())
    return misuse_of(wrong.option, wrong.rule);
  std::set<std::string_view> names;
  for (auto& x : children) {
    if (auto wrong = check_child(x))
      return wrong;
    if (!names.insert(x.name).second)
      return misuse_of("name", "must be of one child only, and " + x.name + " is of two");
  }
  return {};
}

/// Runs `what(supervisor, asker)` in a turn of the supervisor. The asker goes with it wherever it goes, also if that never comes.
template <class T, class F>
future<T> order(const caf::actor& supervisor, F what) {
  auto result = std::make_shared<runtime::outcome<T>>();
  auto who = supervisor ? dynamic_cast<supervisor_actor*>(caf::actor_cast<caf::abstract_actor*>(supervisor)) : nullptr;
  if (who == nullptr) {
    result->fail(caf::make_error(caf::sec::invalid_argument, "that is no supervisor of this process"));
  } else {
    auto turn = caf::make_action(
      [who, what = std::move(what), by = std::make_shared<asker<T>>(result)]() mutable { what(*who, std::move(by)); });
    who->enqueue(nullptr, caf::make_message_id(), caf::make_message(std::move(turn)),
                 runtime::caf_scheduler::current_unit());
  }
  return future<T>{std::move(result)};
}

} // namespace

child_spec child_supervisor(std::string name, const supervisor_options& options, std::vector<child_spec> children) {
  auto wrong = check_tree(options, children);
  auto begin = [options, children = std::move(children)](caf::event_based_actor* self,
                                                         const detail::child_started& done) {
    done(supervise(self->system(), options, children));
  };
  return {.name = std::move(name),
          .stop_within = std::chrono::milliseconds{0},
          .start = std::move(begin),
          .tells_up = true,
          .wrong = std::move(wrong)};
}

caf::expected<caf::actor> supervise(caf::actor_system& system, const supervisor_options& options,
                                    std::vector<child_spec> children) {
  if (auto wrong = check_tree(options, children))
    return wrong;
  return caf::actor{system.spawn<supervisor_actor>(options, std::move(children))};
}

future<caf::actor> start_child(const caf::actor& supervisor, child_spec what) {
  if (auto wrong = check_child(what)) {
    auto result = std::make_shared<runtime::outcome<caf::actor>>();
    result->fail(std::move(wrong));
    return future<caf::actor>{std::move(result)};
  }
  return order<caf::actor>(supervisor, [what = std::move(what)](supervisor_actor& to, auto by) mutable {
    to.add(std::move(what), std::move(by));
  });
}

future<void> stop_child(const caf::actor& supervisor, std::string name) {
  return order<void>(supervisor,
                     [name = std::move(name)](supervisor_actor& to, auto by) { to.dismiss(name, std::move(by)); });
}

future<caf::actor> restart_child(const caf::actor& supervisor, std::string name) {
  return order<caf::actor>(supervisor,
                           [name = std::move(name)](supervisor_actor& to, auto by) { to.restart(name, by); });
}

} // namespace bulkhead
