#include "starts/actors.hpp"

#include <bulkhead/executor.hpp>

#include <random>
#include <stdexcept>

#include <unistd.h>

using namespace std::chrono_literals;

namespace starts {

namespace {

void quit_as(caf::event_based_actor* self, const std::string& how) {
  if (how == "error")
    self->quit(caf::sec::invalid_argument);
  else if (how == "shutdown")
    self->quit(caf::exit_reason::user_shutdown);
  else
    self->quit();
}

caf::behavior quitter(caf::event_based_actor* self, const std::string& how, const std::string& when) {
  if (when == "now")
    quit_as(self, how);
  else
    self->send(self, caf::tick_atom_v);
  return {[self, how](caf::tick_atom) { quit_as(self, how); }, [](int32_t x) { return x; }};
}

caf::behavior steady(caf::event_based_actor*) {
  return {[](caf::get_atom) { return static_cast<int32_t>(::getpid()); }};
}

int32_t same(int32_t x) {
  return x;
}

template <class T>
std::string code_of(const caf::expected<T>& result) {
  return result ? "none" : to_string(result.error());
}

caf::behavior nester(caf::event_based_actor* self) {
  return {[self](caf::get_atom) {
    auto host = bulkhead::host::of(self->system());
    bulkhead::executor pool{self->system()};
    auto failed = pool.submit<&same>(1);
    std::string of_task;
    failed.on_done([&](const caf::expected<int32_t>& result) { of_task = code_of(result); });
    return code_of(host.spawn("steady")) + '\n' + code_of(host.pool("steady", {})) + '\n' + code_of(host.start_worker())
           + '\n' + of_task;
  }};
}

const test_support::known_actor known[] = {
  test_support::known_actor{bulkhead::heavy<"quitter", quitter>::add_to},
  test_support::known_actor{bulkhead::heavy<"steady", steady>::add_to},
  test_support::known_actor{bulkhead::heavy<"nester", nester>::add_to},
};

} // namespace

death_log::death_log(test_support::host_fixture& here) {
  here.host.log_to([all = all_](std::string_view line) {
    std::lock_guard guard{all->mutex};
    all->lines.emplace_back(line);
  });
  listener_ = here.sys.spawn([all = all_](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    return {[all](const bulkhead::death_certificate& what) {
      std::lock_guard guard{all->mutex};
      all->certificates.push_back(what);
    }};
  });
  here.host.subscribe(listener_);
}

std::vector<std::string> death_log::lines() const {
  std::lock_guard guard{all_->mutex};
  return all_->lines;
}

std::vector<bulkhead::death_certificate> death_log::certificates() const {
  std::lock_guard guard{all_->mutex};
  return all_->certificates;
}

scratch_file::scratch_file() {
  std::random_device source;
  auto name = "bulkhead_scratch_" + std::to_string(source()) + "_" + std::to_string(source());
  path_ = std::filesystem::temp_directory_path() / name;
}

scratch_file::~scratch_file() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

size_t scratch_file::size() const {
  std::error_code none;
  auto size = std::filesystem::file_size(path_, none);
  return none ? 0 : size;
}

void leave_a_mark(const std::string& path) {
  std::ofstream{path, std::ios::app} << 'x';
}

void hang_unless_first(const std::string& path) {
  auto first = !std::filesystem::exists(path);
  leave_a_mark(path);
  if (!first)
    hang();
}

void hang() {
  for (;;)
    ::pause();
}

void fail() {
  throw std::runtime_error{"could not say goodbye"};
}

std::string child_program(std::string_view name) {
  return std::string{BULKHEAD_CHILDREN_DIR "/child_"} + std::string{name};
}

} // namespace starts
