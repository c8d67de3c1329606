#include "bulkhead/runtime/fork_server.hpp"

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/platform/executable_file.hpp"
#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/keeper.hpp"
#include "bulkhead/runtime/task_runner.hpp"
#include "bulkhead/runtime/worker_command.hpp"
#include "bulkhead/runtime/worker_output.hpp"
#include "bulkhead/transport/codec.hpp"
#include "bulkhead/transport/copy_request.hpp"
#include "bulkhead/transport/handshake.hpp"
#include "bulkhead/transport/kernel_refusal.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/actor_system.hpp>
#include <caf/config.hpp>

#include <algorithm>
#include <cerrno>
#include <span>
#include <tuple>
#include <utility>

namespace bulkhead::runtime {

namespace {

constexpr int kill_signal = 9;

constexpr std::chrono::milliseconds announcement_max{500};

// After a failure workers do without it for a while, longer each time.
constexpr std::chrono::milliseconds first_pause{100};
constexpr uint32_t doublings_max = 9;

caf::expected<caf::byte_buffer> encoded(const bound_function& what) {
  auto request = request_to_run("preload", what);
  caf::byte_buffer result;
  uint16_t flags = 0;
  if (auto failed = transport::encode(nullptr, request, result, flags, nullptr))
    return failed;
  return result;
}

} // namespace

fork_server::fork_server(host_system& host, worker_options options,
                         std::shared_ptr<const platform::executable_file> file, uint32_t slot)
  : host_(host),
    options_(std::move(options)),
    file_(std::move(file)),
    slot_(slot),
    pidfd_(host.the_keeper().context()),
    control_(host.the_keeper().context()),
    timer_(host.the_keeper().context()) {
  // nop
}

fork_server::~fork_server() {
  close();
}

bool fork_server::suits(const worker_options& options, const platform::executable_file* file) const noexcept {
  auto same_start = [](const worker_options& x) {
    return std::tie(x.program, x.arguments, x.environment, x.working_directory, x.standard_output, x.standard_error,
                    x.preload);
  };
  return state_ != state::closed && file == file_.get() && same_start(options) == same_start(options_);
}

void fork_server::prepare(ready_callback then) {
  if (state_ == state::serving)
    timer_.cancel();
  if (state_ == state::serving || (state_ == state::none && std::chrono::steady_clock::now() < not_before_)) {
    then(state_ == state::serving);
    return;
  }
  waiting_.push_back(std::move(then));
  if (state_ == state::starting)
    return;
  state_ = state::starting;
  if (auto failed = launch()) {
    clean_up();
    fail("it could not be started: " + to_string(failed));
    return;
  }
  watch();
  timer_.start(options_.startup_timeout, [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self || self->state_ != state::starting)
      return;
    self->verdict_ = "it was not ready within " + std::to_string(self->options_.startup_timeout.count()) + " ms";
    self->process_->kill(kill_signal);
  });
}

caf::error fork_server::launch() {
  auto control = platform::socket_pair::create();
  if (!control)
    return transport::kernel_refusal(control.error());
  auto spec = command_of(options_, host_.environment(), file_.get());
  spec.passed = {{control->theirs.get(), transport::worker_fd::control}};
  transport::hello what;
  what.caf_version = CAF_VERSION;
  what.host_pid = platform::pid();
  what.type_table = transport::type_table_digest();
  what.makes_copies = 1;
  what.blocked_signals = platform::blocked_signals();
  std::optional<platform::memory_file> first;
  if (options_.preload.function != 0) {
    auto content = encoded(options_.preload);
    if (!content)
      return std::move(content.error());
    auto file = platform::memory_file::create_with("bulkhead-preload", std::as_bytes(std::span{*content}));
    if (!file)
      return transport::kernel_refusal(file.error());
    first.emplace(std::move(*file));
    what.preload_bytes = first->size();
    spec.passed.push_back({first->fd(), transport::worker_fd::preload});
  }
  auto settings = settings_file(host_.system().config(), options_);
  if (!settings)
    return std::move(settings.error());
  if (*settings) {
    what.settings_bytes = (*settings)->size();
    spec.passed.push_back({(*settings)->fd(), transport::worker_fd::settings});
  }
  auto streams = open_streams(host_.the_keeper().context(), options_, [this](std::string_view line, bool) {
    for (auto& shown : line_limit_.pass(line, platform::now_ns()))
      host_.log("[fork server " + std::to_string(slot_) + " pid " + std::to_string(pid_) + "] " + shown);
  });
  if (!streams)
    return std::move(streams.error());
  spec.passed.insert(spec.passed.end(), streams->passed.begin(), streams->passed.end());
  auto started = platform::process::start(spec);
  if (!started)
    return start_error(started.error(), options_, spec);
  process_.emplace(std::move(*started));
  pid_ = process_->pid();
  outputs_ = std::move(streams->readers);
  boost::system::error_code unwatched;
  control_.assign(control->ours.get(), unwatched);
  if (!unwatched) {
    (void) control->ours.release();
    pidfd_.assign(process_->pidfd(), unwatched);
  }
  if (unwatched)
    return caf::make_error(errc::resources_exhausted, "epoll_ctl: " + unwatched.message());
  if (auto sent = transport::send_hello(control_.native_handle(), what); !sent && sent.error().number != EPIPE)
    return transport::kernel_refusal(sent.error());
  for (auto& x : outputs_)
    x->start();
  return {};
}

void fork_server::watch() {
  watch_end();
  watch_control();
}

void fork_server::watch_end() {
  pidfd_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [weak = weak_from_this()](boost::system::error_code failed) {
                      if (auto self = weak.lock(); self && !failed)
                        self->on_end();
                    });
}

void fork_server::watch_control() {
  control_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [weak = weak_from_this()](boost::system::error_code failed) {
                        if (auto self = weak.lock(); self && !failed)
                          self->on_verdict();
                      });
}

void fork_server::on_verdict() {
  if (state_ != state::starting || !verdict_.empty())
    return;
  auto answer = transport::receive_verdict(control_.native_handle());
  if (!answer && answer.error().number == EAGAIN)
    watch_control();
  if (!answer)
    return; // its end tells more
  timer_.cancel();
  if (answer->code == errc::none) {
    state_ = state::serving;
    tell(true);
    return;
  }
  if (answer->code == errc::constructor_failed) {
    clean_up();
    tell(caf::make_error(answer->code, answer->text));
    return;
  }
  verdict_ = answer->text;
  process_->kill(kill_signal);
}

void fork_server::on_end() {
  if (!process_)
    return;
  auto status = process_->try_reap();
  if (!status) {
    watch_end(); // see `keeper`
    return;
  }
  auto why = verdict_.empty() ? "it " + status->describe() : std::exchange(verdict_, {});
  clean_up();
  fail(why);
}

void fork_server::fail(const std::string& why) {
  not_before_ = std::chrono::steady_clock::now() + first_pause * (1U << std::min(failures_, doublings_max));
  ++failures_;
  worker_death death;
  death.slot = slot_;
  death.pid = pid_;
  death.detail = why;
  host_.publish(supervision_event{supervision_incident::fork_server_failed, slot_, 0, death.pid, death, {}});
  tell(false);
}

void fork_server::tell(const caf::expected<bool>& usable) {
  for (auto& x : std::exchange(waiting_, {}))
    x(usable);
}

platform::result<void> fork_server::ask_for_copy(std::span<const platform::process_spec::passed_fd> passed) {
  if (state_ != state::serving)
    return platform::os_error{ESRCH, "sendmsg"};
  return transport::send_copy_request(control_.native_handle(), passed);
}

// Only who has its pidfd can reap it.
void fork_server::end_copy(platform::unique_fd control) {
  auto waits = std::make_shared<boost::asio::posix::stream_descriptor>(host_.the_keeper().context(), control.release());
  unwanted_.insert(waits);
  on_unwanted(waits);
}

void fork_server::on_unwanted(const std::shared_ptr<boost::asio::posix::stream_descriptor>& control) {
  auto copy = transport::receive_copy(control->native_handle()); // its destructor ends it
  if (copy || copy.error().number != EAGAIN || copy.error().call == transport::clone_call) {
    unwanted_.erase(control);
    if (!copy)
      host_.expect_stray();
    return;
  }
  control->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [weak = weak_from_this(), control](boost::system::error_code failed) {
                        if (auto self = weak.lock(); self && !failed)
                          self->on_unwanted(control);
                      });
}

void fork_server::distrust(std::chrono::milliseconds waited) {
  if (state_ != state::serving)
    return;
  verdict_ = "it made no copy within " + std::to_string(waited.count()) + " ms and was killed";
  process_->kill(kill_signal);
}

// Without a process too: how often it has failed is not to be forgotten at once.
void fork_server::linger() {
  if (state_ == state::starting || state_ == state::closed)
    return;
  timer_.start(kept_for, [self = shared_from_this()] {});
}

void fork_server::close() {
  clean_up();
  state_ = state::closed;
  // The copies that the process has made exist, and take microseconds to say so.
  for (auto& x : std::exchange(unwanted_, {})) {
    (void) platform::wait_readable(x->native_handle(), announcement_max);
    (void) transport::receive_copy(x->native_handle());
    boost::system::error_code ignored;
    x->close(ignored);
  }
  tell(caf::make_error(errc::shutting_down));
}

// The process ends without a chance to resist: it holds nothing that anybody would miss.
void fork_server::clean_up() noexcept {
  state_ = state::none;
  boost::system::error_code ignored;
  timer_.cancel();
  if (pidfd_.is_open())
    pidfd_.release(); // the process owns it
  control_.close(ignored);
  for (auto& x : outputs_)
    x->close();
  outputs_.clear();
  process_.reset();
}

} // namespace bulkhead::runtime
