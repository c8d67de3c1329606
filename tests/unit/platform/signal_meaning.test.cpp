// Catches a signal or cause that is not told in words, or in the wrong ones.
#include "bulkhead/platform/signal_meaning.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace bulkhead::platform;

TEST_CASE("a signal is told by its name and in words") {
  CHECK(signal_meaning(SIGSEGV) == "SIGSEGV, segmentation fault");
  CHECK(signal_meaning(SIGKILL) == "SIGKILL, killed");
  CHECK(signal_meaning(60) == "signal 60");
  CHECK(signal_meaning(-1) == "signal -1");
}

TEST_CASE("the cause of a signal is told where it is known") {
  CHECK(signal_cause(SIGSEGV, SEGV_MAPERR) == "address not mapped");
  CHECK(signal_cause(SIGFPE, FPE_INTDIV) == "integer division by zero");
  CHECK(signal_cause(SIGABRT, SI_TKILL) == "sent by a process");
  CHECK(signal_cause(SIGSEGV, 4711).empty());
}
