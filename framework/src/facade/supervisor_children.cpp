// How a supervisor's children start and end.

#include "bulkhead/transport/foreign_call.hpp"
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
  if (reason == errc::restarts_exhausted && reason.context().match_elements<worker_death, std::string>())
    return "gave up after " + reason.context().get_as<std::string>(1);
  return to_string(reason);
}

} // namespace

void supervisor_actor::start(const child_ptr& who) {
  who->in_flight = true;
  ++who->starts;
  who->start_limited = false;
  children_.refile(*who);
  if (std::exchange(who->started_before, true))
    ++who->status.restarts;
  auto on_start = [this, weak = std::weak_ptr{who}, starts = who->starts](caf::expected<caf::actor> result) {
    auto x = weak.lock();
    if (x && x->starts == starts && std::exchange(x->in_flight, false))
      on_started(*x, std::move(result));
    else if (result && *result) // too late
      send_exit(*result, caf::exit_reason::user_shutdown);
  };
  try {
    who->spec.start(this, on_start);
  } catch (...) {
    on_start(caf::make_error(errc::constructor_failed, transport::thrown_text()));
  }
}

// In parts: time in which this process did not run does not count, and a part that is late shows it.
void supervisor_actor::limit(listed_child& who, supervision::duration time, std::function<void()> what) {
  auto passed = std::make_shared<runtime::running_time>();
  go_on(who.weak_from_this(), std::chrono::steady_clock::now() + time, std::move(passed), std::move(what));
}

void supervisor_actor::go_on(const std::weak_ptr<listed_child>& who, supervision::time_point due,
                             std::shared_ptr<runtime::running_time> passed, std::function<void()> what) {
  using namespace std::chrono_literals;
  auto x = who.lock();
  if (!x)
    return;
  auto now = std::chrono::steady_clock::now();
  auto left = due - passed->look(now);
  if (left <= supervision::duration::zero()) {
    what();
    return;
  }
  auto part = std::min(left, std::clamp<supervision::duration>(left / 8, 10ms, 1s));
  passed->plan(now + part);
  x->timer = after(
    part, [this, who, due, passed = std::move(passed), what = std::move(what)] { go_on(who, due, passed, what); });
}

// A start that is not wanted any more takes no longer than the end of its child may.
void supervisor_actor::limit_start(listed_child& who) {
  if (std::exchange(who.start_limited, true) || who.spec.stop_within.count() == 0)
    return;
  limit(who, who.spec.stop_within, [this, weak = who.weak_from_this(), starts = who.starts] {
    auto x = weak.lock();
    if (!x || x->starts != starts || !std::exchange(x->in_flight, false))
      return;
    x->status.state = child_state::stopping;
    on_ended(*x, caf::make_error(caf::exit_reason::user_shutdown));
  });
}

void supervisor_actor::on_started(listed_child& who, caf::expected<caf::actor> result) {
  if (result && !*result)
    result = caf::make_error(errc::startup_failed, std::string{"the handle is empty"});
  if (result && children_.find(result->address()))
    result = caf::make_error(errc::startup_failed, std::string{"the handle is of another child"});
  if (!result) {
    on_ended(who, result.error());
    return;
  }
  who.timer.dispose();
  who.timer = {};
  children_.set_handle(who, std::move(*result));
  monitor(who.status.handle);
  unlink_from(who.status.handle.address()); // else its end would be told twice, and in any order
  if (who.dismissed)
    stop(who);
  else if (who.spec.tells_up && !who.doomed)
    send(who.status.handle, caf::open_atom_v); // no request: the two would keep each other for as long as it is open
  else
    become_up(who);
}

void supervisor_actor::become_up(listed_child& who) {
  if (!who.doomed) {
    who.joining = false;
    settle(who, child_state::up);
    answer(who, who.status.handle);
  }
  step();
}

void supervisor_actor::stop(listed_child& who) {
  settle(who, child_state::stopping);
  send_exit(who.status.handle, caf::exit_reason::user_shutdown);
  ++who.stops;
  if (who.spec.stop_within.count() > 0)
    limit(who, who.spec.stop_within, [this, weak = who.weak_from_this(), stops = who.stops] {
      if (auto x = weak.lock(); x && x->stops == stops && x->status.state == child_state::stopping)
        force(x);
    });
}

void supervisor_actor::force(const child_ptr& who) {
  if (host::of(system()).kill(who->status.handle, options_.kill_after))
    return;
  send_exit(who->status.handle, caf::exit_reason::kill);
  limit(*who, std::max<supervision::duration>(options_.kill_after, light_grace_min),
        [this, weak = std::weak_ptr{who}, stops = who->stops] {
          auto x = weak.lock();
          if (!x || x->stops != stops || x->status.state != child_state::stopping)
            return;
          demonitor(x->status.handle);
          auto why = caf::make_error(caf::sec::runtime_error, "hangs in a handler and was left behind");
          for (auto& by : x->dismissed_by)
            by->result().fail(why);
          on_ended(*x, why);
        });
}

void supervisor_actor::on_ended(listed_child& who, const caf::error& reason) {
  who.timer.dispose();
  who.timer = {};
  auto was_told_to = who.status.state == child_state::stopping;
  children_.clear_handle(who);
  who.status.state = child_state::starting;
  who.status.last_end = is_child_death(reason) ? reason : caf::error{};
  auto doomed = std::exchange(who.doomed, false);
  children_.refile(who);
  if (who.joining && !was_told_to && !who.dismissed) {
    answer(who, reason ? reason
                       : caf::make_error(caf::sec::request_receiver_down, who.status.name + " ended before it was up"));
    take_out(who);
  } else if (who.dismissed) {
    take_out(who);
  } else if (doomed && (who.dropped || ending_)) {
    end_for_good(who);
  } else if (doomed) {
    settle(who, child_state::starting);
  } else {
    on_death(who, reason);
  }
  step();
}

void supervisor_actor::on_death(listed_child& who, const caf::error& reason) {
  if (!supervision::starts_again(who.spec.restart, is_child_death(reason))) {
    end_for_good(who);
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
  start_again(who, now + supervision::back_off(intensity_, before, chance));
  settle(who, child_state::starting);
}

// With those that the strategy says. One that was never started is none that may not be started again.
void supervisor_actor::start_again(listed_child& who, time_point due) {
  who.due = due;
  if (options_.strategy == strategy::one_for_one)
    return;
  std::vector<listed_child*> all;
  std::vector<supervision::child_view> views;
  size_t place = 0;
  for (auto& [number, x] : children_.all()) {
    auto any_way = x.get() == &who || !x->started_before;
    if (x.get() == &who)
      place = all.size();
    all.push_back(x.get());
    views.push_back({any_way ? restart_type::permanent : x->spec.restart, x->status.state != child_state::ended});
  }
  auto plan = supervision::plan_restart(options_.strategy, views, place, true);
  for (auto i : plan.start)
    all[i]->due = due;
  for (auto i : plan.drop)
    all[i]->dropped = true;
  for (auto i : plan.stop) {
    all[i]->doomed = true;
    children_.refile(*all[i]);
  }
}

// A temporary child that was there from the start stays in the list, for whoever looks it up.
void supervisor_actor::end_for_good(listed_child& who) {
  settle(who, child_state::ended);
  if (who.added && who.spec.restart == restart_type::temporary)
    children_.remove(who);
}

void supervisor_actor::take_out(listed_child& who) {
  settle(who, child_state::ended);
  children_.remove(who);
  for (auto& by : std::exchange(who.dismissed_by, {}))
    by->result().set({});
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

void supervisor_actor::settle(listed_child& who, child_state now) {
  if (who.status.state == now && now != child_state::starting)
    return;
  who.status.state = now;
  children_.refile(who);
  if (now == child_state::ended) {
    auto why = who.status.last_end ? cause_of_end(who.status.last_end) : std::string{"in good order"};
    answer(who, ending_ ? *ending_
                        : caf::make_error(caf::sec::request_receiver_down, who.status.name + " has ended: " + why));
  }
  for (auto& x : listeners_.living())
    send(caf::actor_cast<caf::actor>(x), who.status);
}

void supervisor_actor::answer(listed_child& who, const caf::expected<caf::actor>& what) {
  for (auto& x : std::exchange(who.waiting, {}))
    x(what);
}

} // namespace bulkhead
