#include <catch2/catch.hpp>

#include "crash/actors.hpp"

#include <bulkhead/platform/this_process.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace crash {

using test_support::eventually;

void outcomes::answered() {
  std::lock_guard guard{mutex_};
  ++answers_;
}

void outcomes::failed(const caf::error& reason) {
  std::lock_guard guard{mutex_};
  errors_.push_back(reason);
}

void outcomes::asked(size_t count) {
  std::lock_guard guard{mutex_};
  requests_ += count;
}

size_t outcomes::requests() const {
  std::lock_guard guard{mutex_};
  return requests_;
}

size_t outcomes::total() const {
  std::lock_guard guard{mutex_};
  return answers_ + errors_.size();
}

size_t outcomes::answers() const {
  std::lock_guard guard{mutex_};
  return answers_;
}

std::vector<caf::error> outcomes::errors() const {
  std::lock_guard guard{mutex_};
  return errors_;
}

caf::actor ask(caf::actor_system& sys, const caf::actor& target, outcomes& out, int count,
               const caf::message& content) {
  return sys.spawn([target, &out, count, content](caf::event_based_actor* self) -> caf::behavior {
    for (int i = 0; i < count; ++i)
      self->request(target, caf::infinite, content)
        .then([&out](int32_t) { out.answered(); }, [&out](const caf::error& why) { out.failed(why); });
    out.asked(static_cast<size_t>(count));
    return {[](caf::ok_atom) {}};
  });
}

void observed_ends::add(const caf::error& reason) {
  std::lock_guard guard{mutex_};
  reasons_.push_back(reason);
}

std::vector<caf::error> observed_ends::reasons() const {
  std::lock_guard guard{mutex_};
  return reasons_;
}

std::vector<caf::actor> watch_end(caf::actor_system& sys, const caf::actor& target, observed_ends& by_monitor,
                                  observed_ends& by_link) {
  caf::scoped_actor ready{sys};
  auto notify = caf::actor{ready};
  std::vector<caf::actor> result;
  result.push_back(sys.spawn([target, &by_monitor, notify](caf::event_based_actor* self) -> caf::behavior {
    self->set_down_handler([self, &by_monitor](const caf::down_msg& end) {
      by_monitor.add(end.reason);
      self->quit();
    });
    self->monitor(target);
    self->send(notify, caf::ok_atom_v);
    return {[](caf::ok_atom) {}};
  }));
  result.push_back(sys.spawn([target, &by_link, notify](caf::event_based_actor* self) -> caf::behavior {
    self->set_exit_handler([self, &by_link](const caf::exit_msg& end) {
      by_link.add(end.reason);
      self->quit();
    });
    self->link_to(target);
    self->send(notify, caf::ok_atom_v);
    return {[](caf::ok_atom) {}};
  }));
  for (auto i = 0; i < 2; ++i)
    ready->receive([](caf::ok_atom) {},
                   caf::after(test_support::patience) >> [] { FAIL("the watchers did not start"); });
  return result;
}

caf::expected<int32_t> request_number(caf::actor_system& sys, const caf::actor& target, const caf::message& content) {
  return request<int32_t>(sys, target, content);
}

int pid_of(caf::actor_system& sys, const caf::actor& victim) {
  auto pid = request_number(sys, victim, caf::make_message(caf::get_atom_v));
  REQUIRE(pid);
  return *pid;
}

bool answers(caf::actor_system& sys, const caf::actor& victim) {
  auto sum = request_number(sys, victim, caf::make_message(caf::add_atom_v, int32_t{41}));
  return sum && *sum == 42;
}

void hang(caf::actor_system& sys, const caf::actor& victim, outcomes& out) {
  caf::scoped_actor ready{sys};
  auto notify = caf::actor{ready};
  sys.spawn([victim, notify, &out](caf::event_based_actor* self) -> caf::behavior {
    self->request(victim, caf::infinite, std::string{"hang"})
      .then([&out] { out.answered(); }, [&out](const caf::error& why) { out.failed(why); });
    return {[self, notify](caf::ok_atom) { self->send(notify, caf::ok_atom_v); }};
  });
  ready->receive([](caf::ok_atom) {}, caf::after(test_support::patience) >> [] { FAIL("the victim does not hang"); });
}

namespace {

// The letter that the kernel gives the state of a process, 'X' if there is none.
char state_of(int pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  // No iterator, which throws when the process goes between opening and reading.
  std::string all;
  std::getline(in, all, '\0');
  auto end_of_name = all.rfind(')');
  return end_of_name != std::string::npos && end_of_name + 2 < all.size() ? all[end_of_name + 2] : 'X';
}

size_t shared_files() {
  std::error_code none;
  auto files = std::filesystem::directory_iterator{"/dev/shm", none};
  return static_cast<size_t>(std::count_if(begin(files), end(files), [](auto& x) {
    return x.path().filename().string().find("bulkhead") != std::string::npos;
  }));
}

} // namespace

bool process_runs(int pid) {
  auto state = state_of(pid);
  return state != 'X' && state != 'Z';
}

std::string child_program(std::string_view name) {
  return std::string{BULKHEAD_CHILDREN_DIR} + "/child_" + std::string{name};
}

bulkhead::worker_death certificate(const caf::error& reason) {
  auto death = bulkhead::death_of(reason);
  INFO(to_string(reason));
  REQUIRE(death);
  return *death;
}

leftovers::leftovers()
  : children_(test_support::count_children()),
    descriptors_(bulkhead::platform::open_descriptors()),
    shared_files_(shared_files()) {
  // nop
}

void leftovers::check() const {
  CHECK(test_support::count_children() == children_);
  CHECK(bulkhead::platform::open_descriptors() == descriptors_);
  CHECK(shared_files() == shared_files_);
}

} // namespace crash
