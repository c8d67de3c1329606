// A host to which the kernel, by a filter of system calls, refuses the call with the number FILTERED_CALL, with the errno FILTERED_ERRNO;
// or threads, if that is "thread". From the beginning, or with FILTERED_LATE from when the actor system runs, which its workers inherit.
// With FILTERED_THREADS, as root, it becomes a user that may have as many threads. Says what becomes of a task, of an actor, and of one from a fork server, and whether light actors work.

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

void install_filter() {
  std::string call = std::getenv("FILTERED_CALL");
  auto refused = SECCOMP_RET_ERRNO | static_cast<uint32_t>(std::atoi(std::getenv("FILTERED_ERRNO")));
  constexpr auto number = static_cast<uint32_t>(offsetof(seccomp_data, nr));
  constexpr auto flags = static_cast<uint32_t>(offsetof(seccomp_data, args[0])); // of a machine with the low half first
  std::vector<sock_filter> program;
  if (call == "thread")
    program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, flags),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, refused),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
  else
    program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(std::stoi(call)), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, refused),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
  sock_fprog what{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
      || ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &what) != 0) // of all threads
    std::puts("filter: none");
}

int32_t one() {
  return 1;
}

caf::behavior number(caf::event_based_actor*) {
  return {[](caf::get_atom) { return 1; }};
}

template <class T>
void say(const char* what, const caf::expected<T>& result) {
  std::printf("%s: %s\n", what, result ? "ok" : to_string(result.error()).c_str());
  std::fflush(stdout);
}

} // namespace

void caf_main(caf::actor_system& sys) {
  if (std::getenv("FILTERED_LATE") != nullptr)
    install_filter();
  auto host = bulkhead::host::of(sys);
  {
    bulkhead::executor pool{sys, {.workers_max = 1}};
    say("task", pool.submit<&one>().get());
  }
  say("actor", host.spawn("number"));
  bulkhead::worker_options copied;
  copied.fork_server = true;
  say("copy", host.spawn("number", copied));
  caf::scoped_actor self{sys};
  self->request(sys.spawn(number), caf::infinite, caf::get_atom_v)
    .receive([](int32_t) { std::puts("light: ok"); }, [](const caf::error&) { std::puts("light: failed"); });
}

// Of a user with no other processes.
void limit_threads(rlim_t threads) {
  const auto user = static_cast<uid_t>(61'000 + ::getpid() % 4'000);
  const rlimit limit{threads, threads};
  if (::setrlimit(RLIMIT_NPROC, &limit) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0)
    std::puts("limit: none");
}

int main(int argc, char** argv) {
  if (auto* threads = std::getenv("FILTERED_THREADS"); threads != nullptr && !bulkhead::is_worker())
    limit_threads(static_cast<rlim_t>(std::atoi(threads)));
  else if (!bulkhead::is_worker() && std::getenv("FILTERED_LATE") == nullptr)
    install_filter();
  return bulkhead::detail::run_main<bulkhead::heavy<"number", number>>(caf_main, argc, argv);
}
