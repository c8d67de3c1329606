#include "bulkhead/platform/crash_handler.hpp"

#include "stack_walk.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <typeinfo>

#include <cxxabi.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

constexpr std::array handled_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};

/// A signal handler gets no argument.
struct {
  crash_scene* scene = nullptr;
  std::array<struct sigaction, handled_signals.size()> before{};
  std::terminate_handler terminate_before = nullptr;
  /// The thread that writes.
  std::atomic<int> writer = 0;
  std::atomic<bool> written = false;
} state;

static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

int thread_number() noexcept {
  return static_cast<int>(::syscall(SYS_gettid));
}

/// The line "VmHWM:   1234 kB" of /proc/self/status.
uint64_t memory_peak() noexcept {
  auto fd = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  char text[2048];
  auto size = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (size <= 0)
    return 0;
  text[size] = '\0';
  constexpr const char* key = "VmHWM:";
  const char* at = std::strstr(text, key);
  if (at == nullptr)
    return 0;
  uint64_t kilobytes = 0;
  for (at += std::strlen(key); *at == ' ' || *at == '\t'; ++at)
    continue;
  for (; *at >= '0' && *at <= '9'; ++at)
    kilobytes = kilobytes * 10 + static_cast<uint64_t>(*at - '0');
  return kilobytes * 1024;
}

template <size_t Size>
void put(char (&field)[Size], const char* text) noexcept {
  std::memcpy(field, text, ::strnlen(text, Size));
}

/// @returns false if another thread, or an earlier crash of this one, has written already.
bool begin_writing() noexcept {
  int nobody = 0;
  if (state.scene == nullptr || state.writer.compare_exchange_strong(nobody, thread_number()))
    return state.scene != nullptr;
  // Whoever crashes meanwhile would end the process before all is written; bounded, because the writer may be stuck.
  for (int rounds = 0; rounds < 1000 && nobody != thread_number() && !state.written; ++rounds) {
    timespec pause{0, 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
  return false;
}

void write_thread() noexcept {
  state.scene->thread = thread_number();
  ::prctl(PR_GET_NAME, state.scene->thread_name, 0, 0, 0);
}

/// For a fault the instruction that is tried again raises the signal, with all that belongs to it; any other has to be sent again,
/// and comes when this handler has returned.
bool comes_by_itself(int signal, const siginfo_t& info) noexcept {
  auto fault = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
  return fault && info.si_code > 0;
}

void on_signal(int signal, siginfo_t* info, void* context) {
  auto saved_errno = errno;
  if (begin_writing()) {
    auto& scene = *state.scene;
    scene.signal = signal;
    scene.code = info->si_code;
    scene.address = info->si_code > 0 ? reinterpret_cast<uintptr_t>(info->si_addr) : 0;
    scene.what = crash_scene::kind::signal;
    write_thread();
    scene.memory_peak_bytes = memory_peak();
    walk_interrupted_stack(scene, context);
    state.written = true;
  }
  for (size_t i = 0; i < handled_signals.size(); ++i)
    if (handled_signals[i] == signal)
      ::sigaction(signal, &state.before[i], nullptr);
  if (!comes_by_itself(signal, *info))
    ::raise(signal);
  errno = saved_errno;
}

[[noreturn]] void on_terminate() {
  if (auto* type = abi::__cxa_current_exception_type();
      type != nullptr && state.scene != nullptr && state.writer == 0) {
    put(state.scene->exception_type, type->name());
    try {
      throw;
    } catch (const std::exception& failure) {
      put(state.scene->exception_text, failure.what());
    } catch (const char* text) {
      put(state.scene->exception_text, text);
    } catch (...) {
      // Its type is all there is to say.
    }
  }
  if (state.terminate_before != nullptr)
    state.terminate_before();
  std::abort();
}

class alternate_stack {
public:
  alternate_stack() noexcept {
    stack_t present{};
    if (::sigaltstack(nullptr, &present) != 0 || (present.ss_flags & SS_DISABLE) == 0)
      return; // a sanitizer has been here
    auto* memory =
      ::mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      return;
    memory_ = memory;
    ::mprotect(memory, guard_bytes, PROT_NONE);
    stack_t own{};
    own.ss_sp = static_cast<std::byte*>(memory) + guard_bytes;
    own.ss_size = stack_bytes;
    ::sigaltstack(&own, nullptr);
  }

  ~alternate_stack() {
    if (memory_ == nullptr)
      return;
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ::sigaltstack(&none, nullptr);
    ::munmap(memory_, guard_bytes + stack_bytes);
  }

  alternate_stack(const alternate_stack&) = delete;
  alternate_stack& operator=(const alternate_stack&) = delete;

private:
  static constexpr size_t guard_bytes = 4096;
  static constexpr size_t stack_bytes = 64 * 1024;

  void* memory_ = nullptr;
};

} // namespace

void add_alternate_stack() noexcept {
  thread_local alternate_stack stack;
}

void write_crashes_to(crash_scene& scene) {
  state.scene = &scene;
  prepare_stack_walks();
  add_alternate_stack();
  state.terminate_before = std::set_terminate(on_terminate);
  struct sigaction own {};
  own.sa_sigaction = on_signal;
  own.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigfillset(&own.sa_mask);
  for (size_t i = 0; i < handled_signals.size(); ++i)
    ::sigaction(handled_signals[i], &own, &state.before[i]);
}

void write_out_of_memory() noexcept {
  if (!begin_writing())
    return;
  state.scene->what = crash_scene::kind::out_of_memory;
  write_thread();
  state.scene->memory_peak_bytes = memory_peak();
  walk_stack(*state.scene, __builtin_return_address(0));
  state.written = true;
}

} // namespace bulkhead::platform
