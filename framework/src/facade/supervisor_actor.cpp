#include "supervisor_actor.hpp"

#include <caf/action.hpp>
#include <caf/actor_clock.hpp>
#include <caf/exit_reason.hpp>

#include <algorithm>
#include <utility>

namespace bulkhead {

supervisor_actor::supervisor_actor(caf::actor_config& cfg, const supervisor_options& options,
                                   std::vector<child_spec> specs)
  : caf::event_based_actor(cfg), options_(options), intensity_(supervision::as_policy(options)) {
  for (auto& x : specs)
    children_.add(std::move(x));
}

supervisor_actor::supervisor_actor(caf::actor_config& cfg, const supervisor_options& options, std::vector<orphan> left)
  : caf::event_based_actor(cfg), options_(options), ending_(caf::exit_reason::user_shutdown) {
  for (auto& x : left) {
    auto who = children_.add(std::move(x.spec));
    who->status.state = child_state::up;
    children_.set_handle(*who, std::move(x.handle));
  }
}

const char* supervisor_actor::name() const {
  return "bulkhead.supervisor";
}

caf::behavior supervisor_actor::make_behavior() {
  set_down_handler([this](caf::down_msg& x) {
    if (auto who = children_.find(x.source)) // not one that was left behind, or told its end by a link
      on_ended(*who, x.reason);
  });
  set_exit_handler([this](caf::exit_msg& x) {
    if (auto linked = children_.find(x.source))
      on_ended(*linked, x.reason);
    else if (x.reason && !children_.was_child(x.source))
      end_all(std::move(x.reason));
  });
  if (auto reason = std::exchange(ending_, std::nullopt)) {
    for (auto& [place, x] : children_.all())
      monitor(x->status.handle);
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
      for (auto& [place, x] : children_.all())
        result.push_back(x->status);
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
      auto who = children_.find(caf::actor_cast<caf::actor_addr>(current_sender()));
      if (who != nullptr && who->spec.tells_up && who->status.state == child_state::starting)
        become_up(*who);
    },
  };
}

// Nobody knows it any more, or it was killed: its children are ended in order by an heir.
void supervisor_actor::on_exit() {
  kept_ = nullptr;
  next_step_.dispose();
  std::vector<orphan> left;
  for (auto& [place, x] : children_.release()) {
    x->timer.dispose();
    if (x->status.handle)
      left.push_back({std::move(x->spec), std::move(x->status.handle)});
  }
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
  while (auto x = children_.last_doomed()) {
    if (x->status.handle && x->status.state != child_state::stopping)
      stop(*x);
    if (x->in_flight)
      limit_start(*x);
    if (x->status.state == child_state::stopping || x->in_flight)
      return true;
    x->doomed = false;
    children_.refile(*x);
    if (x->dropped || ending_)
      end_for_good(*x);
  }
  return false;
}

void supervisor_actor::start_next() {
  auto now = clock().now();
  auto one_by_one = options_.strategy != strategy::one_for_one || !all_were_up_;
  auto earliest = one_by_one ? start_one_by_one(now) : start_all_due(now);
  if (!ending_ && !children_.last_doomed() && !children_.first_starting() && !std::exchange(all_were_up_, true))
    tell_up();
  next_step_.dispose();
  next_step_ = {};
  if (earliest != time_point::max())
    next_step_ = after(earliest - now, [this] { step(); });
}

// Both return when the next one may start; never, if nobody waits for that.
supervisor_actor::time_point supervisor_actor::start_one_by_one(time_point now) {
  while (auto x = children_.first_starting()) {
    if (x->in_flight || x->status.handle)
      break;
    if (x->due > now)
      return x->due;
    start(x);
    if (ending_ || children_.last_doomed())
      break;
    if (x->status.state == child_state::starting)
      return x->in_flight || x->status.handle ? time_point::max() : x->due;
  }
  return time_point::max();
}

supervisor_actor::time_point supervisor_actor::start_all_due(time_point now) {
  auto result = time_point::max();
  for (auto& x : children_.startable()) {
    auto waits_for_time = [&] {
      return x->status.state == child_state::starting && !x->in_flight && !x->status.handle && !x->doomed;
    };
    if (waits_for_time() && x->due <= now)
      start(x);
    if (waits_for_time())
      result = std::min(result, x->due);
  }
  return result;
}

void supervisor_actor::end_all(caf::error reason) {
  if (ending_)
    return;
  ending_ = std::move(reason);
  kept_ = caf::strong_actor_ptr{ctrl()};
  for (auto& [place, x] : children_.all()) {
    x->doomed = true;
    children_.refile(*x);
    answer(*x, *ending_);
  }
  step();
}

void supervisor_actor::subscribe(const caf::actor& listener) {
  listeners_.add(caf::actor_cast<caf::strong_actor_ptr>(listener));
  for (auto& [place, x] : children_.all())
    send(listener, x->status);
}

void supervisor_actor::tell_up() {
  for (auto& x : std::exchange(parents_, {}))
    if (auto parent = x.lock())
      send(caf::actor_cast<caf::actor>(parent), caf::ok_atom_v);
}

caf::result<caf::actor> supervisor_actor::look_up(const std::string& name) {
  auto found = children_.find(name);
  if (!found)
    return caf::make_error(caf::sec::no_such_key, "there is no child " + name);
  if (found->status.state == child_state::up && !found->doomed)
    return found->status.handle;
  if (ending_)
    return *ending_;
  if (found->status.state == child_state::ended || found->dropped || found->dismissed)
    return caf::make_error(caf::sec::request_receiver_down, name + " has ended");
  auto promise = make_response_promise<caf::actor>();
  found->waiting.push_back([promise](const caf::expected<caf::actor>& result) mutable {
    if (result)
      promise.deliver(*result);
    else
      promise.deliver(result.error());
  });
  return promise;
}

caf::disposable supervisor_actor::after(supervision::duration delay, std::function<void()> what) {
  auto action = caf::make_action(std::move(what), caf::action::state::waiting);
  return clock().schedule(clock().now() + delay, std::move(action), caf::weak_actor_ptr{ctrl()});
}

} // namespace bulkhead
