#include "supervisor/children.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace supervisor_test {

namespace {

std::string entered(const std::string& gate) {
  return gate + ".entered";
}

std::string file_on_sigterm;

void leave_file(int) {
  ::close(::open(file_on_sigterm.c_str(), O_CREAT | O_WRONLY, 0600));
  ::_exit(0);
}

void hang_at(const std::string& gate) {
  std::ofstream{entered(gate)};
  test_support::gate::wait_for(gate);
}

caf::behavior ward(caf::event_based_actor* self) {
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [](caf::delete_atom) { std::raise(SIGKILL); },
    [self](caf::close_atom) { self->quit(); },
    [](caf::tick_atom, const std::string& gate) { hang_at(gate); },
    [](caf::put_atom, const std::string& path) {
      file_on_sigterm = path;
      std::signal(SIGTERM, leave_file);
      return int32_t{1};
    },
    [](caf::put_atom) {
      std::signal(SIGTERM, SIG_IGN);
      return int32_t{1};
    },
  };
}

const test_support::known_actor ward_known{bulkhead::heavy<"ward", ward>::add_to};

struct noted {
  journal_ptr book;
  std::string name;

  // Before monitors are told.
  ~noted() {
    if (book)
      book->note("-" + name);
  }
};

caf::behavior noted_child(caf::stateful_actor<noted>* self, const journal_ptr& book, const std::string& name) {
  self->state.book = book;
  self->state.name = name;
  return {
    [](caf::get_atom) { return int32_t{1}; },
    [self](caf::close_atom) { self->quit(); },
    [self](caf::delete_atom) { self->quit(caf::make_error(caf::sec::runtime_error, "as told")); },
    [](caf::tick_atom, const std::string& gate) { hang_at(gate); },
  };
}

caf::behavior stubborn_child(caf::stateful_actor<noted>* self, const journal_ptr& book, const std::string& name) {
  self->set_exit_handler([book, name](const caf::exit_msg&) { book->note("?" + name); });
  return noted_child(self, book, name);
}

caf::behavior log_statuses(caf::event_based_actor*, const std::function<void(const bulkhead::child_status&)>& note) {
  return {[note](const bulkhead::child_status& what) { note(what); }};
}

struct door_state {
  size_t open = 0;
  std::vector<caf::typed_response_promise<int32_t>> waiting;
};

caf::behavior door(caf::stateful_actor<door_state>* self, const std::shared_ptr<std::atomic<size_t>>& asked) {
  auto pass = [self] {
    auto& x = self->state;
    for (; x.open > 0 && !x.waiting.empty(); --x.open) {
      x.waiting.front().deliver(int32_t{1});
      x.waiting.erase(x.waiting.begin());
    }
  };
  return {
    [self, pass](caf::put_atom) {
      ++self->state.open;
      pass();
    },
    [self, pass, asked](caf::get_atom) {
      auto promise = self->make_response_promise<int32_t>();
      self->state.waiting.push_back(promise);
      pass();
      ++*asked;
      return promise;
    },
  };
}

} // namespace

void journal::note(std::string what) {
  std::lock_guard guard{mutex_};
  entries_.push_back(std::move(what));
}

std::vector<std::string> journal::entries() const {
  std::lock_guard guard{mutex_};
  return entries_;
}

std::vector<std::string> journal::take() {
  std::lock_guard guard{mutex_};
  return std::exchange(entries_, {});
}

bool journal::eventually_has(size_t count) const {
  return test_support::eventually([&] { return entries().size() >= count; });
}

status_log::status_log(caf::actor_system& sys, const caf::actor& supervisor) {
  std::function<void(const bulkhead::child_status&)> note = [list = list_](const bulkhead::child_status& what) {
    std::lock_guard guard{list->mutex};
    list->all.push_back(what);
    list->all.back().handle = nullptr;
  };
  listener_ = sys.spawn(log_statuses, note);
  caf::anon_send(supervisor, caf::subscribe_atom_v, listener_);
}

std::vector<bulkhead::child_status> status_log::all() const {
  std::lock_guard guard{list_->mutex};
  return list_->all;
}

bulkhead::child_status status_log::last(const std::string& name) const {
  bulkhead::child_status result;
  for (auto& x : all())
    if (x.name == name)
      result = x;
  return result;
}

size_t status_log::count(const std::string& name, bulkhead::child_state state) const {
  auto told = all();
  return static_cast<size_t>(
    std::count_if(told.begin(), told.end(), [&](auto& x) { return x.name == name && x.state == state; }));
}

bool status_log::eventually(const std::string& name, bulkhead::child_state state, uint32_t restarts) const {
  return test_support::eventually([&] {
    auto now = last(name);
    return now.name == name && now.state == state && now.restarts >= restarts;
  });
}

bulkhead::child_spec light(const std::string& name, const journal_ptr& book) {
  return bulkhead::child(name, [name, book](caf::event_based_actor* self) {
    book->note("+" + name);
    return self->spawn(noted_child, book, name);
  });
}

bulkhead::child_spec stubborn(const std::string& name, const journal_ptr& book) {
  return bulkhead::child(name, [name, book](caf::event_based_actor* self) {
    book->note("+" + name);
    return self->spawn(stubborn_child, book, name);
  });
}

bulkhead::child_spec in_worker(const std::string& name, bulkhead::worker_options options) {
  options.standard_output = options.standard_error = bulkhead::output::discard;
  return bulkhead::heavy_child(name, "ward", options);
}

slow_start::slow_start(caf::actor_system& sys) : door_(sys.spawn(door, asked_)) {
  // nop
}

bulkhead::child_spec slow_start::spec(const std::string& name, const journal_ptr& book) const {
  auto result = light(name, book);
  result.start = [at = door_, begin = result.start](caf::event_based_actor* self,
                                                    const bulkhead::detail::child_started& done) {
    self->request(at, caf::infinite, caf::get_atom_v).then([begin, self, done](int32_t) { begin(self, done); });
  };
  return result;
}

void slow_start::let() {
  caf::anon_send(door_, caf::put_atom_v);
}

bool slow_start::eventually_asked(size_t count) const {
  return test_support::eventually([&] { return *asked_ >= count; });
}

bulkhead::supervisor_options patient(bulkhead::strategy how) {
  using namespace std::chrono_literals;
  return {.strategy = how, .restarts_max = 1000, .backoff_min = 0ms, .backoff_max = 0ms};
}

caf::actor fixture::supervise(const bulkhead::supervisor_options& options, std::vector<bulkhead::child_spec> children) {
  auto result = bulkhead::supervise(sys, options, std::move(children));
  if (!result)
    throw std::runtime_error{"cannot supervise: " + to_string(result.error())};
  return std::move(*result);
}

caf::actor fixture::child(const caf::actor& supervisor, const std::string& name) {
  auto found = test_support::ask<caf::actor>(self, supervisor, caf::get_atom_v, name);
  return found ? *found : nullptr;
}

std::vector<std::string> fixture::list(const caf::actor& supervisor) {
  std::vector<std::string> result;
  auto all = test_support::ask<std::vector<bulkhead::child_status>>(self, supervisor, caf::get_atom_v);
  if (!all)
    throw std::runtime_error{"no list: " + to_string(all.error())};
  for (auto& x : *all)
    result.push_back(x.state == bulkhead::child_state::up ? x.name : x.name + ":" + to_string(x.state));
  return result;
}

int fixture::pid(const caf::actor& ward) {
  auto found = test_support::ask<int32_t>(self, ward, caf::get_atom_v);
  return found ? *found : 0;
}

bool fixture::block(const caf::actor& child, const test_support::gate& door) {
  caf::anon_send(child, caf::tick_atom_v, door.path());
  return test_support::eventually([&] { return std::filesystem::remove(entered(door.path())); });
}

caf::error fixture::end(const caf::actor& supervisor, caf::exit_reason why) {
  self->monitor(supervisor);
  self->send_exit(supervisor, why);
  return test_support::end_of(self, supervisor).value_or(caf::make_error(caf::sec::request_timeout));
}

bool contains(const std::string& text, std::string_view part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

size_t count_descriptors() {
  namespace fs = std::filesystem;
  return static_cast<size_t>(std::distance(fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{}));
}

} // namespace supervisor_test
