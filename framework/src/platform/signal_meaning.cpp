#include "bulkhead/platform/signal_meaning.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <cstring>
#include <iterator>

namespace bulkhead::platform {

namespace {

struct cause {
  int signal;
  int code;
  const char* text;
};

constexpr cause causes[] = {
  {SIGSEGV, SEGV_MAPERR, "address not mapped"},
  {SIGSEGV, SEGV_ACCERR, "access not permitted"},
  {SIGBUS, BUS_ADRALN, "address not aligned"},
  {SIGBUS, BUS_ADRERR, "no memory behind the address"},
  {SIGBUS, BUS_OBJERR, "hardware error"},
  {SIGFPE, FPE_INTDIV, "integer division by zero"},
  {SIGFPE, FPE_INTOVF, "integer overflow"},
  {SIGFPE, FPE_FLTDIV, "floating-point division by zero"},
  {SIGFPE, FPE_FLTOVF, "floating-point overflow"},
  {SIGFPE, FPE_FLTUND, "floating-point underflow"},
  {SIGFPE, FPE_FLTINV, "invalid floating-point operation"},
  {SIGILL, ILL_ILLOPC, "illegal opcode"},
  {SIGILL, ILL_ILLOPN, "illegal operand"},
  {SIGILL, ILL_PRVOPC, "privileged opcode"},
  {SIGTRAP, TRAP_BRKPT, "breakpoint"},
};

} // namespace

std::string signal_meaning(int signal) {
  const auto* name = ::sigabbrev_np(signal);
  const auto* text = ::sigdescr_np(signal);
  if (name == nullptr || text == nullptr)
    return "signal " + std::to_string(signal);
  auto result = "SIG" + std::string{name} + ", " + text;
  auto first = result.find(", ") + 2;
  result[first] = static_cast<char>(std::tolower(static_cast<unsigned char>(result[first])));
  return result;
}

std::string signal_cause(int signal, int code) {
  auto found =
    std::find_if(std::begin(causes), std::end(causes), [&](auto& x) { return x.signal == signal && x.code == code; });
  if (found != std::end(causes))
    return found->text;
  if (signal == SIGSEGV && code == SI_KERNEL)
    return "address that cannot exist";
  return code == SI_USER || code == SI_TKILL || code == SI_QUEUE ? "sent by a process" : "";
}

} // namespace bulkhead::platform
