#include "crash/certificates.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>

#include <unistd.h>

namespace crash::deaths {

// Not inlined, and no tail calls: their names are looked for in stacks.

volatile int sink = 0;

[[gnu::noinline]] static void write_nowhere(volatile int* where) {
  *where = 7;
  sink = 1;
}

[[gnu::noinline]] static int dig_deeper(int depth) {
  volatile char room[1024];
  room[0] = static_cast<char>(depth);
  if (sink == -1)
    return 0;
  return dig_deeper(depth + 1) + room[0];
}

[[gnu::noinline]] static void read_row() {
  throw std::runtime_error("no such row");
}

[[gnu::noinline]] static void call_nothing() {
  void (*volatile nothing)() = nullptr;
  nothing();
  sink = 1;
}

[[gnu::noinline]] static void give_up() {
  std::abort();
}

[[gnu::noinline]] static void take_memory() {
  std::vector<std::string> memory;
  for (;;)
    memory.emplace_back(size_t{1} << 20, 'x');
}

static void burn_and_abort() {
  std::string memory(size_t{96} << 20, 'x');
  sink = memory[memory.size() / 2];
  for (auto begin = std::clock(); std::clock() - begin < CLOCKS_PER_SEC / 5;)
    sink = sink + 1;
  std::abort();
}

[[noreturn, gnu::noinline]] static void die(const std::string& how) {
  if (how == "fault")
    write_nowhere(reinterpret_cast<int*>(uintptr_t{0x40}));
  if (how == "overflow")
    sink = dig_deeper(1);
  if (how == "exception")
    std::thread{read_row}.join();
  if (how == "call")
    call_nothing();
  if (how == "abort")
    give_up();
  if (how == "exit")
    std::_Exit(3);
  if (how == "memory")
    take_memory();
  if (how == "burn")
    burn_and_abort();
  if (how == "own handler") {
    std::signal(SIGSEGV, [](int) { ::_exit(42); });
    write_nowhere(nullptr);
  }
  if (how == "lines") {
    for (int i = 1; i <= 30; ++i)
      std::fprintf(stderr, "line %d\n", i);
    std::fprintf(stderr, "with \x01 \xff and %s", std::string(5000, 'y').c_str());
    std::_Exit(4);
  }
  if (how == "marks") {
    for (int i = 1; i <= 3; ++i)
      bulkhead::mark("row " + std::to_string(i));
    std::raise(SIGKILL);
  }
  for (;;)
    ::pause();
}

static caf::behavior mortal(caf::event_based_actor* self) {
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [](caf::add_atom, int32_t x) { return x + 1; },
    [self](const std::string& how) {
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), caf::ok_atom_v);
      die(how);
    },
  };
}

static const test_support::known_actor mortal_known{bulkhead::heavy<"mortal", mortal>::add_to};

} // namespace crash::deaths

namespace crash {

certificate_log::certificate_log(test_support::host_fixture& where) {
  listener_ = where.sys.spawn([to = list_](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    return {[to](const bulkhead::death_certificate& what) {
      std::lock_guard guard{to->mutex};
      to->all.push_back(what);
    }};
  });
  where.host.subscribe(listener_);
}

certificate_log::~certificate_log() {
  caf::anon_send_exit(listener_, caf::exit_reason::user_shutdown);
}

std::vector<bulkhead::death_certificate> certificate_log::all() const {
  std::lock_guard guard{list_->mutex};
  return list_->all;
}

bulkhead::death_certificate certificate_log::the_one() const {
  REQUIRE(test_support::eventually([this] { return !all().empty(); }));
  REQUIRE(all().size() == 1);
  return all().front();
}

bulkhead::death_certificate certificate_of_death(const std::string& how, const bulkhead::worker_options& options) {
  test_support::host_fixture f;
  certificate_log log{f};
  f.host.log_to([](std::string_view) {});
  auto victim = f.host.spawn("mortal", options);
  REQUIRE(victim);
  outcomes out;
  ask(f.sys, *victim, out, 1, caf::make_message(how));
  auto result = log.the_one();
  REQUIRE(test_support::eventually([&] { return out.total() == 1; }));
  return result;
}

} // namespace crash
