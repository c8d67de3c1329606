#include "pool_actors.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace crash {

namespace {

caf::behavior hand(caf::event_based_actor* self, const std::string& path) {
  auto file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    throw std::runtime_error("no diary");
  auto pid = static_cast<int32_t>(::getpid());
  auto note = [file](int32_t sender, int32_t number) {
    int32_t what[]{sender, number};
    (void) !::write(file, what, sizeof(what));
  };
  return {
    [pid](caf::get_atom) { return pid; },
    [=](caf::put_atom, int32_t sender, int32_t number) {
      note(sender, number);
      return pid;
    },
    [=](caf::tick_atom, const std::string& gate) {
      note(0, pid);
      test_support::gate::wait_for(gate);
      return pid;
    },
    [](caf::delete_atom) { ::raise(SIGKILL); },
    [self](caf::close_atom, int32_t) { self->quit(caf::exit_reason::user_shutdown); },
  };
}

const test_support::known_actor hand_known{bulkhead::heavy<"hand", hand>::add_to};

} // namespace

void answer_list::record::add(int32_t x) {
  std::lock_guard guard{mutex};
  values.push_back(x);
}

void answer_list::record::fail(caf::error reason) {
  std::lock_guard guard{mutex};
  errors.push_back(std::move(reason));
}

std::vector<int32_t> answer_list::values() const {
  std::lock_guard guard{what_->mutex};
  return what_->values;
}

std::vector<caf::error> answer_list::errors() const {
  std::lock_guard guard{what_->mutex};
  return what_->errors;
}

bool answer_list::comes_to(size_t count) const {
  return test_support::eventually([&] { return values().size() + errors().size() >= count; });
}

hand_pool::hand_pool(const bulkhead::pool_options& options) {
  auto made = here.host.pool("hand", options, book.path());
  if (!made)
    throw std::runtime_error("no pool: " + to_string(made.error()));
  pool = std::move(*made);
}

void hand_pool::hold(size_t members) {
  for (size_t i = 0; i < members; ++i)
    held.ask(here.sys, pool, caf::tick_atom_v, gate.path());
  held_count_ += members;
  if (!test_support::eventually([this] { return book.entries()[0].size() >= held_count_; }))
    throw std::runtime_error("members do not begin");
}

bulkhead::pool_status hand_pool::status() const {
  return here.host.status(pool).value_or(bulkhead::pool_status{});
}

int32_t hand_pool::pid() {
  auto result = test_support::ask<int32_t>(self, pool, caf::get_atom_v);
  return result ? *result : -1;
}

bool hand_pool::becomes(size_t members) const {
  return test_support::eventually([&] {
    auto now = status();
    return now.members.size() == members && now.starting == 0
           && std::all_of(now.members.begin(), now.members.end(), [](auto& x) { return x.up; });
  });
}

bulkhead::pool_options hands(size_t workers_min, size_t workers_max) {
  bulkhead::pool_options result;
  result.workers_min = workers_min;
  result.workers_max = workers_max;
  result.prefetch_max = 1;
  result.restart = supervised().restart;
  return result;
}

} // namespace crash
