#include "bulkhead/runtime/rollout.hpp"

#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// Between two looks for actors that are about to come.
constexpr std::chrono::milliseconds coming_period{20};

} // namespace

rollout::rollout(keeper& where, upgrade_options what, std::function<actors()> who, std::function<void(caf::error)> done)
  : keeper_(where), what_(std::move(what)), who_(std::move(who)), done_(std::move(done)), timer_(where.context()) {
  // nop
}

void rollout::start() {
  keeper_.post([self = shared_from_this()] { self->advance(); });
}

void rollout::advance() {
  auto is = [](state what) { return [what](const entry& x) { return x.now == what; }; };
  if (!done_ || std::any_of(entries_.begin(), entries_.end(), is(state::changing)))
    return;
  if (failed_) {
    auto next = std::find_if(entries_.begin(), entries_.end(), is(state::serves));
    if (next != entries_.end())
      bring_back(static_cast<size_t>(next - entries_.begin()));
    else
      finish();
    return;
  }
  auto all = who_();
  for (auto& slot : all.slots)
    if (std::none_of(entries_.begin(), entries_.end(), [&](auto& x) { return x.slot == slot; })) {
      begin(slot);
      return;
    }
  if (all.more)
    wait(coming_period);
  else
    finish();
}

void rollout::begin(const std::shared_ptr<supervised_slot>& slot) {
  auto& present = slot->program();
  worker_program next{what_.program, what_.arguments.value_or(present.arguments),
                      what_.environment.value_or(present.environment)};
  auto index = entries_.size();
  entries_.push_back({slot, {}});
  slot->change_program(std::move(next), {
                                          [self = shared_from_this(), index](worker_program former) {
                                            auto& x = self->entries_[index];
                                            x.former = std::move(former);
                                            x.now = state::serves;
                                            if (self->failed_)
                                              self->advance();
                                            else
                                              self->wait(self->what_.probation);
                                          },
                                          [self = shared_from_this(), index](caf::error reason) {
                                            self->entries_[index].now = state::back;
                                            if (!self->failed_)
                                              self->failed_ = std::move(reason);
                                            self->timer_->cancel();
                                            self->advance();
                                          },
                                        });
}

// Whoever cannot go back stays with a program that has not failed there.
void rollout::bring_back(size_t index) {
  auto& x = entries_[index];
  x.now = state::changing;
  auto go_on = [self = shared_from_this(), index] {
    auto& y = self->entries_[index];
    y.slot->trust_program();
    y.now = state::back;
    self->advance();
  };
  x.slot->trust_program();
  x.slot->change_program(x.former,
                         {[go_on](const worker_program&) { go_on(); }, [go_on](const caf::error&) { go_on(); }});
}

void rollout::wait(std::chrono::milliseconds time) {
  timer_->start(time, [self = shared_from_this()] { self->advance(); });
}

void rollout::finish() {
  if (!failed_)
    for (auto& x : entries_)
      x.slot->trust_program();
  timer_.reset();
  std::exchange(done_, nullptr)(failed_);
  entries_.clear();
}

} // namespace bulkhead::runtime
