// Children that come, go or start again because somebody said so.

#include "supervisor_actor.hpp"

#include <utility>

namespace bulkhead {

namespace {

listed_child::up_callback tell(const std::shared_ptr<asker<caf::actor>>& by) {
  return [by](const caf::expected<caf::actor>& result) {
    if (result)
      by->result().set(*result);
    else
      by->result().fail(result.error());
  };
}

} // namespace

void supervisor_actor::add(child_spec what, std::shared_ptr<asker<caf::actor>> by) {
  if (ending_) {
    by->result().fail(*ending_);
    return;
  }
  if (auto before = children_.find(what.name)) {
    if (before->status.state != child_state::ended) {
      by->result().fail(caf::make_error(errc::invalid_option, std::string{"name"},
                                        "must be of one child only, and " + what.name + " is one already"));
      return;
    }
    children_.remove(*before);
  }
  auto who = children_.add(std::move(what));
  who->added = true;
  who->joining = true;
  who->waiting.push_back(tell(by));
  settle(*who, child_state::starting);
  step();
}

supervisor_actor::child_ptr supervisor_actor::find_to_change(const std::string& name, caf::error& why_not) const {
  auto result = children_.find(name);
  if (ending_)
    why_not = *ending_;
  else if (!result)
    why_not = caf::make_error(caf::sec::no_such_key, "there is no child " + name);
  return why_not ? nullptr : result;
}

void supervisor_actor::dismiss(const std::string& name, std::shared_ptr<asker<void>> by) {
  caf::error why_not;
  auto who = find_to_change(name, why_not);
  if (!who) {
    by->result().fail(why_not);
    return;
  }
  who->dismissed_by.push_back(std::move(by));
  who->dismissed = true;
  answer(*who, caf::make_error(caf::sec::request_receiver_down, name + " was told to end"));
  if (who->in_flight) {
    settle(*who, child_state::stopping); // as soon as it has started
    limit_start(*who);
    step();
  } else if (!who->status.handle) {
    take_out(*who);
    step();
  } else if (who->status.state != child_state::stopping) {
    stop(*who);
    step();
  }
}

void supervisor_actor::restart(const std::string& name, const std::shared_ptr<asker<caf::actor>>& by) {
  caf::error why_not;
  auto who = find_to_change(name, why_not);
  if (who && who->dismissed)
    why_not = caf::make_error(caf::sec::request_receiver_down, name + " was told to end");
  if (why_not) {
    by->result().fail(why_not);
    return;
  }
  who->waiting.push_back(tell(by));
  who->dropped = false;
  who->due = {};
  if (who->status.state == child_state::ended) {
    settle(*who, child_state::starting);
  } else if (who->status.state == child_state::up && !who->doomed) {
    start_again(*who, {});
    who->doomed = true;
    children_.refile(*who);
  }
  step();
}

} // namespace bulkhead
