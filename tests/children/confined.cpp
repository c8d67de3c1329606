// A host under a limit for the size of files, CONFINED_BYTES, which counts for shared memory, too. It does all that makes files grow, and
// says what becomes of it. CONFINED_FOLDER is where certificates and the log go.

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace bulkhead::literals;

int32_t one() {
  return 1;
}

// bytes: their size; (uint64_t): so many bytes; get_atom: aborts
caf::behavior victim(caf::event_based_actor*) {
  return {
    [](const bulkhead::bytes& x) { return static_cast<uint64_t>(x.size()); },
    [](uint64_t size) { return bulkhead::bytes{caf::byte_buffer(size)}; },
    [](caf::get_atom) { std::abort(); },
  };
}

template <class T>
void say(const char* what, const caf::expected<T>& result) {
  std::printf("%s: %s\n", what, result ? "ok" : to_string(result.error()).c_str());
  std::fflush(stdout);
}

struct confined_program : bulkhead::config {
  confined_program() {
    set("bulkhead.certificates-dir", std::string{std::getenv("CONFINED_FOLDER")});
  }
};

template <class Response>
caf::expected<Response> ask(caf::scoped_actor& self, const caf::actor& to, const caf::message& what) {
  caf::expected<Response> result{caf::sec::runtime_error};
  self->request(to, caf::infinite, what)
    .receive([&](Response& x) { result = std::move(x); }, [&](caf::error& why) { result = std::move(why); });
  return result;
}

void work_with(caf::scoped_actor& self, const char* name, const caf::expected<caf::actor>& who) {
  auto text = std::string{name};
  say(name, who);
  if (!who)
    return;
  say((text + " takes").c_str(),
      ask<uint64_t>(self, *who, caf::make_message(bulkhead::bytes{caf::byte_buffer(8_MiB)})));
  say((text + " gives").c_str(), ask<bulkhead::bytes>(self, *who, caf::make_message(uint64_t{8_MiB})));
  auto end = ask<uint64_t>(self, *who, caf::make_message(caf::get_atom_v));
  say((text + " dies").c_str(), end);
}

} // namespace

void caf_main(caf::actor_system& sys, const confined_program&) {
  auto host = bulkhead::host::of(sys);
  caf::scoped_actor self{sys};
  bulkhead::executor before{sys, {.workers_max = 1}};
  say("a task before", before.submit<&one>().get());
  bulkhead::worker_options no_copies;
  no_copies.when_payloads_full = bulkhead::payload_fallback::fail;
  auto copies = host.spawn("victim");
  auto fails = host.spawn("victim", no_copies);
  auto log =
    ::open((std::string{std::getenv("CONFINED_FOLDER")} + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(log, 2);
  ::close(log);
  const rlimit limit{static_cast<rlim_t>(std::atoll(std::getenv("CONFINED_BYTES"))), RLIM_INFINITY};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  say("a task", before.submit<&one>().get());
  work_with(self, "a worker of before", copies);
  work_with(self, "a worker without copies", fails);
  work_with(self, "a worker", host.spawn("victim"));
  bulkhead::worker_options copied;
  copied.fork_server = true;
  copied.preload = bulkhead::call<&one>();
  work_with(self, "a copy", host.spawn("victim", copied));
  say("a value", bulkhead::shared_value_writer<int64_t>::make(sys));
  say("a counter", bulkhead::shared_counter::make());
  say("an array", bulkhead::shared_array_writer<int32_t>::make(sys, 4'000'000));
  std::puts("end: ok");
}

BULKHEAD_MAIN(bulkhead::heavy<"victim", victim>)
