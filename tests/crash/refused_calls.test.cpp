// Filters of system calls as containers and service managers have them. Catches a refusal that ends a process, hangs it, or has a wrong name.
#include "crash/child_host.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <sys/syscall.h>
#include <unistd.h>

using namespace crash;

#ifndef __SANITIZE_ADDRESS__ // whose own calls would be refused

namespace {

struct filtered_host {
  bulkhead::platform::exit_status status;
  std::map<std::string, std::string> said;
};

filtered_host run_filtered(const std::string& call, int number, bool late) {
  std::vector<std::string> environment{"FILTERED_CALL=" + call, "FILTERED_ERRNO=" + std::to_string(number)};
  if (late)
    environment.emplace_back("FILTERED_LATE=1");
  auto host = start_child_host("filtered", environment);
  std::istringstream in{read_output(host)};
  auto status = host.process.reap_within(test_support::patience);
  REQUIRE(status);
  filtered_host result{*status, {}};
  for (std::string line; std::getline(in, line);) {
    auto colon = line.find(": ");
    REQUIRE(colon != line.npos);
    result.said[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return result;
}

struct refused_call {
  const char* name;
  long number;
  /// Without it no worker starts.
  bool needed;
};

const std::vector<refused_call> calls{
  {"memfd_create", SYS_memfd_create, true},
  {"pidfd_open", SYS_pidfd_open, true},
  {"pidfd_send_signal", SYS_pidfd_send_signal, false},
  {"clone3", SYS_clone3, false},
  {"close_range", SYS_close_range, true},
  {"eventfd", SYS_eventfd2, true},
  {"socketpair", SYS_socketpair, true},
  {"pipe2", SYS_pipe2, true},
  {"dup3", SYS_dup3, true},
  {"fallocate", SYS_fallocate, true},
  {"execve", SYS_execve, true},
  {"prctl", SYS_prctl, true},
  {"timerfd_create", SYS_timerfd_create, false},
  {"sched_getaffinity", SYS_sched_getaffinity, false},
  {"rt_sigpending", SYS_rt_sigpending, false},
  {"rt_sigtimedwait", SYS_rt_sigtimedwait, false},
  {"rt_sigqueueinfo", SYS_rt_sigqueueinfo, false},
  {"sigaltstack", SYS_sigaltstack, false},
  {"getrusage", SYS_getrusage, false},
  {"waitid", SYS_waitid, false},
  {"get_robust_list", SYS_get_robust_list, false},
  {"set_robust_list", SYS_set_robust_list, false},
  {"process_vm_readv", SYS_process_vm_readv, false},
  {"io_uring_setup", SYS_io_uring_setup, false},
};

} // namespace

TEST_CASE("a system call that the kernel refuses to a host is an error that names it, or is done without") {
  for (auto& call : calls)
    for (auto number : {EPERM, ENOSYS})
      for (auto late : {false, true}) {
        if (call.number == SYS_clone3 && number == EPERM)
          continue; // the C library makes no threads then, see below
        INFO(call.name << ", errno " << number << (late ? ", late" : ""));
        auto host = run_filtered(std::to_string(call.number), number, late);
        CHECK((host.status == bulkhead::platform::exit_status{}));
        CHECK(host.said.size() == 4);
        CHECK(host.said["light"] == "ok");
        for (auto what : {"task", "actor", "copy"}) {
          auto& outcome = host.said[what];
          if (!call.needed || outcome == "ok")
            CHECK(outcome == "ok");
          else
            CHECK_THAT(outcome, Catch::StartsWith("startup_failed") && Catch::Contains(call.name));
        }
      }
}

TEST_CASE("a host that gets no threads says so and ends, and a worker that gets none is an error that says so") {
  auto without = run_filtered("thread", EAGAIN, false);
  CHECK(without.status.value == 71);
  CHECK(without.said.empty());
  CHECK(run_filtered(std::to_string(SYS_clone3), EPERM, false).status.value == 71);
  auto late = run_filtered("thread", EAGAIN, true);
  CHECK((late.status == bulkhead::platform::exit_status{}));
  for (auto what : {"task", "actor", "copy"})
    CHECK_THAT(late.said[what], Catch::StartsWith("resources_exhausted") && Catch::Contains("temporarily unavailable"));
  CHECK(late.said["light"] == "ok");
}

TEST_CASE("a host whose threads run short at any moment of its start, or of a worker's, ends or goes on with errors") {
  if (::geteuid() != 0)
    return; // only root may become another user
  for (auto threads : {1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13}) {
    INFO(threads);
    auto host = start_child_host("filtered", {"FILTERED_THREADS=" + std::to_string(threads)});
    auto text = read_output(host);
    INFO(text);
    auto status = host.process.reap_within(test_support::patience);
    REQUIRE(status);
    REQUIRE(status->how == bulkhead::platform::exit_status::kind::exited);
    CHECK((status->value == 71 || status->value == 0));
    if (status->value == 0)
      CHECK_THAT(text, Catch::EndsWith("light: ok\n"));
    CHECK(text.find("startup_timeout") == text.npos);
  }
}

#endif
