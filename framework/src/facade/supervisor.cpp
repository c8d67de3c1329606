#include "bulkhead/supervisor.hpp"

#include "supervisor_actor.hpp"

#include <set>
#include <string>

namespace bulkhead {

namespace {

caf::error misuse_of(std::string option, std::string rule) {
  return caf::make_error(errc::invalid_option, std::move(option), std::move(rule));
}

caf::error check_tree(const supervisor_options& options, const std::vector<child_spec>& children) {
  using namespace std::chrono_literals;
  if (auto wrong = supervision::check(options); !wrong.option.empty())
    return misuse_of(wrong.option, wrong.rule);
  std::set<std::string_view> names;
  for (auto& x : children) {
    if (x.name.empty())
      return misuse_of("name", "must not be empty for a child");
    if (!names.insert(x.name).second)
      return misuse_of("name", "must be of one child only, and " + x.name + " is of two");
    if (!x.start)
      return misuse_of("start", "must be a function for " + x.name);
    if (x.restart > restart_type::temporary)
      return misuse_of("restart", "must be permanent, transient or temporary for " + x.name);
    if (x.stop_within < 0ms || x.stop_within > 24h)
      return misuse_of("stop_within", "must be between 0 ms and 24 hours for " + x.name);
    if (x.wrong)
      return x.wrong;
  }
  return {};
}

} // namespace

child_spec child_supervisor(std::string name, const supervisor_options& options, std::vector<child_spec> children) {
  auto wrong = check_tree(options, children);
  auto begin = [options, children = std::move(children)](caf::event_based_actor* self, const detail::child_started& done) {
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

} // namespace bulkhead
