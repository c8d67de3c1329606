#include "chaos.hpp"

#include "rhythm.hpp"
#include "workers.hpp"

#include <csignal>
#include <filesystem>
#include <ostream>

#include <signal.h>

namespace soak {

using namespace bulkhead;
using namespace std::chrono_literals;

chaos::chaos(test_support::host_fixture& where, const services& targets, ledger& short_lived, uint32_t seed)
  : where_(where),
    supervised_({{"single", targets.single},
                 {"retried", targets.retried},
                 {"relay", targets.relay},
                 {"keeper", targets.keeper},
                 {"publisher", targets.publisher},
                 {"pool", targets.pool}}),
    books_(short_lived),
    program_(std::filesystem::read_symlink("/proc/self/exe")),
    random_(seed),
    thread_([this] { run(); }) {
  // nop
}

chaos::~chaos() {
  {
    std::lock_guard guard{mutex_};
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void chaos::go_on() {
  {
    std::lock_guard guard{mutex_};
    running_ = true;
  }
  changed_.notify_all();
}

std::string chaos::hold() {
  {
    std::lock_guard guard{mutex_};
    running_ = false;
  }
  (void) test_support::eventually([this] { return operations_->under_way().empty(); });
  return operations_->under_way();
}

void chaos::run() {
  std::unique_lock guard{mutex_};
  while (!over_) {
    changed_.wait(guard, [this] { return running_ || over_; });
    if (over_)
      return;
    do_something();
    changed_.wait_for(guard, std::chrono::milliseconds{random_() % 40}, [this] { return !running_ || over_; });
  }
}

void chaos::do_something() {
  switch (random_() % 16) {
  case 0:
  case 1:
    return stop_one();
  case 2:
    return recycle_one();
  case 3:
    return upgrade_one();
  case 4:
  case 5:
    return start_one();
  default:
    return kill_one();
  }
}

uint64_t chaos::operations::begin(std::string what) {
  std::lock_guard guard{mutex_};
  open_.emplace(++last_, std::move(what));
  return last_;
}

void chaos::operations::end(uint64_t number, std::atomic<uint64_t>& counted) {
  std::lock_guard guard{mutex_};
  open_.erase(number);
  ++counted;
}

std::string chaos::operations::under_way() const {
  std::lock_guard guard{mutex_};
  std::string result;
  for (auto& [number, what] : open_)
    result += what + "; ";
  return result;
}

size_t chaos::any() {
  return random_() % supervised_.size();
}

int chaos::any_process() {
  auto all = test_support::children();
  return all.empty() ? 0 : all[random_() % all.size()];
}

void chaos::kill_one() {
  constexpr std::array signals{SIGKILL, SIGKILL, SIGKILL, SIGSEGV, SIGABRT};
  if (auto pid = any_process(); pid > 0 && ::kill(pid, signals[random_() % signals.size()]) == 0)
    ++kills_;
}

void chaos::stop_one() {
  auto pid = any_process();
  if (pid <= 0 || ::kill(pid, SIGSTOP) != 0)
    return;
  pause(std::chrono::milliseconds{random_() % 60});
  ::kill(pid, SIGCONT);
  ++stops_;
}

void chaos::recycle_one() {
  recycled_ += where_.host.recycle(supervised_[any()].second) ? 1 : 0;
}

void chaos::upgrade_one() {
  upgrade_options options;
  options.program = program_;
  options.probation = 50ms;
  auto& [name, actor] = supervised_[any()];
  auto number = operations_->begin("upgrade of " + name);
  where_.host.upgrade(actor, options).on_done([number, all = operations_](const caf::expected<void>& done) {
    all->end(number, done ? all->upgraded : all->not_upgraded);
  });
}

// A process for one message, which a kill may end at any moment of its life.
void chaos::start_one() {
  auto spawned = where_.host.spawn("handler", random_() % 2 == 0 ? worker_options{} : lasting());
  if (!spawned) {
    ++not_started_;
    return;
  }
  auto number = books_.send();
  caf::scoped_actor self{where_.sys};
  self->request(*spawned, caf::infinite, number)
    .receive([&](uint64_t answer) { books_.answered(number, answer == mixed(number)); },
             [&](const caf::error& why) { books_.failed(number, why); });
  auto drain = operations_->begin("drain of a short-lived worker");
  where_.host.drain(*spawned, 10s).on_done([drain, all = operations_](const caf::expected<size_t>&) {
    all->end(drain, all->drained);
  });
}

void chaos::print(std::ostream& out) const {
  out << kills_ << " kills, " << stops_ << " stops, " << recycled_ << " recycled, " << operations_->upgraded
      << " upgraded, " << operations_->not_upgraded << " went back or were refused, " << operations_->drained
      << " short-lived workers, " << not_started_ << " starts failed\n";
}

} // namespace soak
