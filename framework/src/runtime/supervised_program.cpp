// Another program for an actor that lives.
//
//             asked        its process is ready       it has taken over      trusted
//      ------------> wanted --------------> prepared ---------------> on probation -------> the program
//                                              | did not come up          | died
//                                              +-------- the former ------+
//                                                    program serves

#include "bulkhead/platform/executable_file.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/slot_owner.hpp"
#include "bulkhead/runtime/spare_pool.hpp"
#include "bulkhead/runtime/supervised_slot.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <utility>

namespace bulkhead::runtime {

namespace {

worker_options with_program(worker_options options, const worker_program& what) {
  options.program = what.path;
  options.arguments = what.arguments;
  options.environment = what.environment;
  return options;
}

std::string name_of(const worker_program& what) {
  return what.path.empty() ? "the host's own program" : what.path;
}

// Another file may stand at its path by now, or none.
std::shared_ptr<const platform::executable_file> file_of(const worker_process& who, const worker_program& what,
                                                         const worker_options& options) {
  if (what.file || what.path.empty() || !options.command_prefix.empty())
    return what.file;
  auto file = platform::executable_file::of(who.pid());
  auto absolute = what.path.front() == '/';
  if (!file || (absolute && file->stands_at(what.path)))
    return nullptr;
  return std::make_shared<const platform::executable_file>(std::move(*file));
}

} // namespace

void supervised_slot::change_program(worker_program next, program_watch watch) {
  if (over_ || stop_wanted_ || handle_gone_) {
    watch.failed(caf::make_error(errc::shutting_down, "the actor has ended"));
    return;
  }
  if (change_) { // also one on probation: its caller waits for the end of that
    watch.failed(caf::make_error(errc::upgrade_failed, std::string{"another upgrade of this actor is under way"}));
    return;
  }
  change_.emplace(program_change{std::move(next), program_, nullptr, std::move(watch)});
  begin_recycling();
}

void supervised_slot::trust_program() {
  if (!change_ || change_->now != program_change::step::on_probation)
    return;
  change_.reset();
  snapshots_.end_probation();
}

std::shared_ptr<worker_process> supervised_slot::make_process(const worker_place& place, const worker_program& what) {
  auto made = host_.make_worker(with_program(options_, what), false, place, shared_from_this());
  if (made && what.file)
    made->execute(what.file);
  return made;
}

// Spares are shared by all who have the same options, and those do not tell of a file.
std::shared_ptr<spare_pool> supervised_slot::spares_of(const worker_program& what) {
  return what.file ? nullptr : host_.spares_for(with_program(options_, what));
}

// Whether the successor of the present process, which is up, is one of another program. One that is on its way already stays.
bool supervised_slot::prepares_change() {
  if (!change_ || change_->now == program_change::step::on_probation)
    return false;
  if (std::exchange(change_->now, program_change::step::prepared) == program_change::step::prepared)
    return true;
  if (auto unused = std::exchange(successor_, nullptr))
    unused->stop();
  change_->former.file = file_of(*worker_, program_, options_);
  return true;
}

// The successor becomes the process.
void supervised_slot::note_taken_over() {
  if (!change_ || change_->now != program_change::step::prepared)
    return;
  change_->now = program_change::step::on_probation;
  program_ = change_->next;
  snapshots_.begin_probation();
  change_->former_spares = std::exchange(spares_, spares_of(program_));
}

// The actor has come up.
void supervised_slot::go_on_with_change() {
  if (!change_)
    return;
  if (change_->now != program_change::step::on_probation) {
    begin_recycling();
  } else if (auto serves = std::exchange(change_->watch.serves, nullptr)) {
    host_.publish(
      supervision_event{supervision_incident::upgraded, number_, incarnation_, worker_->pid(), {}, name_of(program_)});
    serves(change_->former);
  }
}

// It died, or did not come up, before its turn came.
void supervised_slot::successor_ended(const worker_process& who) {
  if (successor_.get() != &who || !change_ || change_->now != program_change::step::prepared)
    return;
  successor_.reset();
  recycling_ = false;
  auto death = certificate_of(who);
  death.detail = "ended before it took over";
  refuse_program(death);
}

void supervised_slot::refuse_program(const worker_death& death) {
  auto change = std::exchange(change_, std::nullopt);
  if (phase_ == phase::up)
    go_on_as_before();
  auto story =
    name_of(change->next) + " did not come up, or died before it was trusted; " + name_of(program_) + " serves again";
  tell(supervision_incident::upgrade_failed, death, story);
  change->watch.failed(make_error(errc::upgrade_failed, death, describe(death) + "; " + story));
}

// The present process is not replaced after all: it may have been paused, and may be asked for another successor.
void supervised_slot::go_on_as_before() {
  recycling_ = false;
  recycling_asked_ = false;
  if (std::exchange(promise_wait_, promise_wait::none) != promise_wait::none) {
    promise_timer_->cancel();
    open_ledger(incarnation_);
  }
  look_at_age();
  if (auto owner = owner_.lock())
    owner->slot_up(number_);
}

bool supervised_slot::return_to_former(const worker_death& death) {
  if (!change_ || change_->now != program_change::step::on_probation)
    return false;
  program_ = change_->former;
  snapshots_.fail_probation();
  spares_ = program_.file ? nullptr : change_->former_spares; // those were started from whatever stood there
  refuse_program(death);
  return true;
}

} // namespace bulkhead::runtime
