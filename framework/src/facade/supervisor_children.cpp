// How a supervisor's children start and end.

#include "supervisor_actor.hpp"

#include <caf/exit_reason.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace bulkhead {

namespace {

// A light actor that got `exit_reason::kill` ends as soon as its handler does.
constexpr std::chrono::milliseconds light_grace_min{1'000};

bool is_child_death(const caf::error& reason) {
  return reason && reason != caf::exit_reason::normal && reason != caf::exit_reason::user_shutdown;
}

std::string cause_of_end(const caf::error& reason) {
  if (auto death = death_of(reason); death && reason == errc::worker_lost)
    return describe(*death);
  if (reason == errc::restarts_exhausted && reason.context().match_elements<std::string>())
    return "gave up after " + reason.context().get_as<std::string>(0);
  return to_string(reason);
}

} // namespace

void supervisor_actor::start(child& who) {
  who.in_flight = true;
  if (std::exchange(who.started_before, true))
    ++who.status.restarts;
  auto on_start = [this, &who](caf::expected<caf::actor> result) {
    if (std::exchange(who.in_flight, false))
      on_started(who, std::move(result));
  };
  try {
    who.spec.start(this, on_start);
  } catch (const std::exception& thrown) {
    on_start(caf::make_error(errc::constructor_failed, std::string{thrown.what()}));
  } catch (...) {
    on_start(caf::make_error(errc::constructor_failed, std::string{"it threw what is no std::exception"}));
  }
}

void supervisor_actor::on_started(child& who, caf::expected<caf::actor> result) {
  if (result && !*result)
    result = caf::make_error(errc::startup_failed, std::string{"the handle is empty"});
  auto twice = [&](auto& x) { return result && x.status.handle == *result; };
  if (std::any_of(children_.begin(), children_.end(), twice))
    result = caf::make_error(errc::startup_failed, std::string{"the handle is of another child"});
  if (!result) {
    on_ended(who, result.error());
    return;
  }
  who.status.handle = std::move(*result);
  monitor(who.status.handle);
  if (who.spec.tells_up && !who.doomed)
    send(who.status.handle, caf::open_atom_v); // no request: the two would keep each other for as long as it is open
  else
    become_up(who);
}

void supervisor_actor::become_up(child& who) {
  if (!who.doomed) {
    settle(who, child_state::up);
    for (auto& x : std::exchange(who.waiting, {}))
      x.deliver(who.status.handle);
  }
  step();
}

void supervisor_actor::stop(child& who) {
  settle(who, child_state::stopping);
  send_exit(who.status.handle, caf::exit_reason::user_shutdown);
  ++who.stops;
  if (who.spec.stop_within.count() > 0)
    who.timer = after(who.spec.stop_within, [this, &who, stops = who.stops] {
      if (who.stops == stops && who.status.state == child_state::stopping)
        force(who);
    });
}

void supervisor_actor::force(child& who) {
  if (host::of(system()).kill(who.status.handle, options_.kill_after))
    return;
  send_exit(who.status.handle, caf::exit_reason::kill);
  who.timer = after(std::max(options_.kill_after, light_grace_min), [this, &who, stops = who.stops] {
    if (who.stops != stops || who.status.state != child_state::stopping)
      return;
    demonitor(who.status.handle);
    on_ended(who, caf::make_error(caf::sec::runtime_error, "hangs in a handler and was left behind"));
  });
}

void supervisor_actor::on_ended(child& who, const caf::error& reason) {
  who.timer.dispose();
  who.timer = {};
  if (who.status.handle)
    who.before = who.status.handle.address();
  who.status.handle = nullptr;
  who.status.state = child_state::starting;
  who.status.last_end = is_child_death(reason) ? reason : caf::error{};
  if (std::exchange(who.doomed, false))
    settle(who, who.dropped || ending_ ? child_state::ended : child_state::starting);
  else
    on_death(who, reason);
  step();
}

void supervisor_actor::on_death(child& who, const caf::error& reason) {
  std::vector<supervision::child_view> views;
  for (auto& x : children_)
    views.push_back({x.spec.restart, x.status.state != child_state::ended});
  auto place = static_cast<size_t>(&who - children_.data());
  auto plan = supervision::plan_restart(options_.strategy, views, place, is_child_death(reason));
  if (plan.start.empty()) {
    settle(who, child_state::ended);
    return;
  }
  auto now = clock().now();
  std::vector<time_point> times;
  for (auto& x : deaths_)
    times.push_back(x.when);
  auto before = supervision::recent(intensity_, times, now);
  deaths_.erase(deaths_.begin(), deaths_.end() - static_cast<std::ptrdiff_t>(before));
  deaths_.push_back({now, who.status.name + ": " + cause_of_end(reason)});
  if (!supervision::may_restart(intensity_, before)) {
    end_all(caf::make_error(errc::restarts_exhausted, story()));
    return;
  }
  auto chance = static_cast<double>(chance_()) / static_cast<double>(std::minstd_rand::max());
  auto due = now + supervision::back_off(intensity_, before, chance);
  for (auto i : plan.stop)
    children_[i].doomed = true;
  for (auto i : plan.drop)
    children_[i].dropped = true;
  for (auto i : plan.start)
    children_[i].due = due;
  settle(who, child_state::starting);
}

std::string supervisor_actor::story() const {
  constexpr size_t told_max = 8;
  auto told = std::min(deaths_.size(), told_max);
  auto result = std::to_string(deaths_.size()) + (deaths_.size() == 1 ? " death" : " deaths") + " within "
                + std::to_string(options_.within.count()) + " ms, and " + std::to_string(options_.restarts_max)
                + " restarts are allowed in that time: " + (told < deaths_.size() ? "..., " : "");
  for (auto i = deaths_.size() - told; i < deaths_.size(); ++i)
    result += deaths_[i].text + (i + 1 < deaths_.size() ? ", " : "");
  return result;
}

void supervisor_actor::settle(child& who, child_state now) {
  if (who.status.state == now && now != child_state::starting)
    return;
  who.status.state = now;
  if (now == child_state::ended) {
    auto why = who.status.last_end ? cause_of_end(who.status.last_end) : std::string{"in good order"};
    for (auto& x : std::exchange(who.waiting, {}))
      x.deliver(ending_ ? *ending_ : caf::make_error(caf::sec::request_receiver_down, who.status.name + " has ended: " + why));
  }
  std::erase_if(listeners_, [&](auto& x) {
    auto listener = x.lock();
    if (listener)
      send(caf::actor_cast<caf::actor>(listener), who.status);
    return !listener;
  });
}

} // namespace bulkhead
