// The host's fork servers, and what they may leave behind.

#include "bulkhead/platform/stray_children.hpp"
#include "bulkhead/runtime/fork_server.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

// The last descriptor of a process closes a little before it can be reaped. If none comes in all that time, there was none.
constexpr std::chrono::milliseconds first_look{1};
constexpr std::chrono::milliseconds last_look{1024};

constexpr std::chrono::milliseconds end_max{500};

} // namespace

std::shared_ptr<fork_server>
host_system::fork_server_for(const worker_options& options,
                             const std::shared_ptr<const platform::executable_file>& file) {
  std::shared_ptr<fork_server> found;
  std::erase_if(fork_servers_, [&](auto& x) {
    auto server = x.lock();
    if (server && server->suits(options, file.get()))
      found = server;
    return !server;
  });
  if (!found) {
    std::unique_lock guard{mutex_};
    auto slot = next_slot_++;
    guard.unlock();
    found = std::make_shared<fork_server>(*this, options, file, slot);
    fork_servers_.push_back(found);
  }
  return found;
}

bool host_system::is_known(int pid) const {
  std::lock_guard guard{mutex_};
  return std::any_of(workers_.begin(), workers_.end(), [pid](auto& x) { return x->pid() == pid; })
         || std::any_of(fork_servers_.begin(), fork_servers_.end(), [pid](auto& x) {
              auto server = x.lock();
              return server && server->pid() == pid;
            });
}

void host_system::expect_stray() {
  strays_pause_ = first_look;
  look_for_strays();
}

void host_system::look_for_strays() {
  auto more = platform::reap_strays([this](int pid) { return is_known(pid); });
  if (!more && strays_pause_ > last_look)
    return;
  if (!strays_timer_)
    strays_timer_.emplace(the_keeper().context());
  strays_timer_->expires_after(std::min(strays_pause_, last_look));
  strays_pause_ *= 2;
  strays_timer_->async_wait([this](boost::system::error_code cancelled) {
    if (!cancelled)
      look_for_strays();
  });
}

void host_system::close_fork_servers() {
  auto had_any = !fork_servers_.empty();
  for (auto& x : std::exchange(fork_servers_, {}))
    if (auto server = x.lock())
      server->close();
  strays_timer_.reset();
  if (had_any)
    platform::reap_all_children(end_max);
}

} // namespace bulkhead::runtime
