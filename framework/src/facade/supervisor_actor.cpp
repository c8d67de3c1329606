#include "supervisor_actor.hpp"

#include <caf/action.hpp>
#include <caf/actor_clock.hpp>
#include <caf/exit_reason.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead {

namespace {

std::vector<supervisor_actor::child> children_of(std::vector<child_spec> specs) {
  std::vector<supervisor_actor::child> result(specs.size());
  for (size_t i = 0; i < specs.size(); ++i) {
    result[i].status.name = specs[i].name;
    result[i].spec = std::move(specs[i]);
  }
  return result;
}

} // namespace

supervisor_actor::supervisor_actor(caf::actor_config& cfg, const supervisor_options& options, std::vector<child_spec> specs)
  : caf::event_based_actor(cfg),
    options_(options),
    intensity_(supervision::as_policy(options)),
    children_(children_of(std::move(specs))) {
  // nop
}

supervisor_actor::supervisor_actor(caf::actor_config& cfg, const supervisor_options& options, std::vector<child> left)
  : caf::event_based_actor(cfg), options_(options), children_(std::move(left)), ending_(caf::exit_reason::user_shutdown) {
  // nop
}

const char* supervisor_actor::name() const {
  return "bulkhead.supervisor";
}

caf::behavior supervisor_actor::make_behavior() {
  set_down_handler([this](caf::down_msg& x) {
    if (auto who = find(x.source)) // not one that was left behind, or told its end by a link
      on_ended(*who, x.reason);
  });
  set_exit_handler([this](caf::exit_msg& x) {
    if (auto linked = find(x.source))
      on_ended(*linked, x.reason);
    else if (x.reason && !was_child(x.source))
      end_all(std::move(x.reason));
  });
  if (auto reason = std::exchange(ending_, std::nullopt)) {
    for (auto& x : children_)
      monitor(x.status.handle);
    end_all(std::move(*reason));
  } else {
    // Not here: an actor that quits before it has a behavior does not end.
    auto begin = caf::make_message(caf::make_action([this] { step(); }));
    enqueue(nullptr, caf::make_message_id(caf::message_priority::high), std::move(begin), context());
  }
  return {
    [this](caf::get_atom, const std::string& name) { return look_up(name); },
    [this](caf::get_atom) {
      std::vector<child_status> result;
      for (auto& x : children_)
        result.push_back(x.status);
      return result;
    },
    [this](caf::subscribe_atom, const caf::actor& listener) { subscribe(listener); },
    // Between a supervisor and its parent:
    [this](caf::open_atom) {
      parents_.push_back(caf::actor_cast<caf::weak_actor_ptr>(current_sender()));
      if (all_were_up_)
        tell_up();
    },
    [this](caf::ok_atom) {
      auto who = find(caf::actor_cast<caf::actor_addr>(current_sender()));
      if (who != nullptr && who->spec.tells_up && who->status.state == child_state::starting)
        become_up(*who);
    },
  };
}

// Nobody knows it any more, or it was killed: its children are ended in order by an heir.
void supervisor_actor::on_exit() {
  kept_ = nullptr;
  next_step_.dispose();
  std::vector<child> left;
  for (auto& x : children_) {
    x.timer.dispose();
    if (!x.status.handle)
      continue;
    child heir;
    heir.spec = std::move(x.spec);
    heir.status = std::move(x.status);
    heir.status.state = child_state::up;
    left.push_back(std::move(heir));
  }
  children_.clear();
  if (!left.empty())
    system().spawn<supervisor_actor>(options_, std::move(left));
}

void supervisor_actor::step() {
  step_again_ = true;
  if (std::exchange(stepping_, true))
    return;
  while (std::exchange(step_again_, false))
    step_once();
  stepping_ = false;
}

void supervisor_actor::step_once() {
  if (stop_next())
    return;
  if (!ending_) {
    start_next();
    return;
  }
  quit(*ending_);
  kept_ = nullptr;
}

// Returns whether something has to end before anything else is done.
bool supervisor_actor::stop_next() {
  for (auto i = children_.size(); i-- > 0;) {
    auto& x = children_[i];
    if (!x.doomed)
      continue;
    if (x.status.handle && x.status.state != child_state::stopping)
      stop(x);
    if (x.status.state == child_state::stopping || x.in_flight)
      return true;
    x.doomed = false;
    if (x.dropped || ending_)
      settle(x, child_state::ended);
  }
  return false;
}

void supervisor_actor::start_next() {
  auto now = clock().now();
  auto earliest = time_point::max();
  auto waits = false;
  for (auto& x : children_) {
    if (x.status.state != child_state::starting)
      continue;
    auto waits_for_time = !x.in_flight && !x.status.handle;
    if (waits_for_time && !x.doomed && x.due <= now)
      start(x);
    if (x.status.state != child_state::starting)
      continue;
    waits = true;
    if (!x.in_flight && !x.status.handle)
      earliest = std::min(earliest, x.due);
    if (options_.strategy != strategy::one_for_one || !all_were_up_)
      break;
  }
  if (!waits && !std::exchange(all_were_up_, true))
    tell_up();
  next_step_.dispose();
  next_step_ = {};
  if (earliest != time_point::max())
    next_step_ = after(earliest - now, [this] { step(); });
}

supervisor_actor::child* supervisor_actor::find(const caf::actor_addr& source) noexcept {
  auto found = std::find_if(children_.begin(), children_.end(),
                            [&](auto& x) { return x.status.handle && x.status.handle.address() == source; });
  return found != children_.end() ? &*found : nullptr;
}

bool supervisor_actor::was_child(const caf::actor_addr& source) const noexcept {
  return source && std::any_of(children_.begin(), children_.end(), [&](auto& x) { return x.before == source; });
}

void supervisor_actor::end_all(caf::error reason) {
  if (ending_)
    return;
  ending_ = std::move(reason);
  kept_ = caf::strong_actor_ptr{ctrl()};
  for (auto& x : children_)
    x.doomed = true;
  step();
}

void supervisor_actor::subscribe(const caf::actor& listener) {
  listeners_.push_back(caf::actor_cast<caf::weak_actor_ptr>(listener));
  for (auto& x : children_)
    send(listener, x.status);
}

void supervisor_actor::tell_up() {
  for (auto& x : std::exchange(parents_, {}))
    if (auto parent = x.lock())
      send(caf::actor_cast<caf::actor>(parent), caf::ok_atom_v);
}

caf::result<caf::actor> supervisor_actor::look_up(const std::string& name) {
  auto found = std::find_if(children_.begin(), children_.end(), [&](auto& x) { return x.status.name == name; });
  if (found == children_.end())
    return caf::make_error(caf::sec::no_such_key, "there is no child " + name);
  if (found->status.state == child_state::up && !found->doomed)
    return found->status.handle;
  if (ending_)
    return *ending_;
  if (found->status.state == child_state::ended || found->dropped)
    return caf::make_error(caf::sec::request_receiver_down, name + " has ended");
  found->waiting.push_back(make_response_promise<caf::actor>());
  return found->waiting.back();
}

caf::disposable supervisor_actor::after(supervision::duration delay, std::function<void()> what) {
  auto action = caf::make_action(std::move(what), caf::action::state::waiting);
  return clock().schedule(clock().now() + delay, std::move(action), caf::weak_actor_ptr{ctrl()});
}

} // namespace bulkhead
