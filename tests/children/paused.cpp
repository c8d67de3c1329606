// A host in a process group of its own, with work of all kinds under way that waits at the gate PAUSED_GATE, each under a limit of
// PAUSED_MS milliseconds. It says "ready", and then what became of each, and how many processes died.

#include "children/fifo.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

using namespace std::chrono_literals;

// (string gate): waits there; (get_atom): its number; (put_atom, string gate): the same, after it has told its sender
caf::behavior waiter(caf::event_based_actor* self) {
  return {
    [](const std::string& gate) { return static_cast<int32_t>(wait_at(gate)); },
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [self](caf::put_atom, const std::string& gate) {
      self->send(caf::actor_cast<caf::actor>(self->current_sender()), caf::ok_atom_v);
      return static_cast<int32_t>(wait_at(gate));
    },
  };
}

void prepare(const std::string& gate) {
  (void) wait_at(gate);
}

int32_t pass(const std::string& gate) {
  return wait_at(gate) ? 1 : 0;
}

int32_t own_number() {
  return static_cast<int32_t>(::getpid());
}

int32_t one() {
  return 1;
}

struct scene {
  caf::actor_system& sys;
  std::string gate;
  std::chrono::milliseconds limit;
  bulkhead::host host;
  caf::scoped_actor self;
  std::vector<std::pair<std::string, std::function<std::string()>>> results;

  scene(caf::actor_system& where, std::string path, std::chrono::milliseconds time)
    : sys(where), gate(std::move(path)), limit(time), host(bulkhead::host::of(where)), self(where) {
    // nop
  }

  bulkhead::worker_options restarting() const {
    bulkhead::worker_options result;
    result.restart.when = bulkhead::restart_when::on_crash;
    return result;
  }

  // The outcome of a request that was sent before.
  template <class T>
  void expect(std::string name, bulkhead::future<T> result) {
    auto kept = std::make_shared<bulkhead::future<T>>(std::move(result));
    results.emplace_back(std::move(name), [kept] {
      auto got = kept->get();
      return got ? caf::deep_to_string(*got) : to_string(got.error());
    });
  }

  // A light actor sends the message, and the outcome is the response.
  void expect_response(std::string name, const caf::actor& to, const caf::message& what) {
    auto outcome = std::make_shared<std::atomic<int>>(0);
    auto text = std::make_shared<std::string>();
    sys.spawn([=](caf::event_based_actor* asker) {
      asker->request(to, caf::infinite, what)
        .then(
          [=](int32_t x) {
            *text = std::to_string(x);
            *outcome = 1;
          },
          [=](const caf::error& why) {
            *text = to_string(why);
            *outcome = 1;
          });
    });
    results.emplace_back(std::move(name), [outcome, text] {
      while (*outcome == 0)
        std::this_thread::yield();
      return *text;
    });
  }

  // Returns when the handler runs.
  void enter(const caf::actor& who) {
    self->send(who, caf::put_atom_v, gate);
    self->receive([](caf::ok_atom) {});
  }
};

void stop(int32_t pid) {
  ::kill(pid, SIGSTOP);
  for (std::string state; state != "T";) {
    std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
    in >> state >> state >> state;
  }
}

} // namespace

void caf_main(caf::actor_system& sys) {
  scene here{sys, std::getenv("PAUSED_GATE"), std::chrono::milliseconds{std::atoi(std::getenv("PAUSED_MS"))}};
  auto keeps_it_open = ::open(here.gate.c_str(), O_RDWR | O_CLOEXEC);
  auto log = sys.spawn([](caf::event_based_actor*) {
    return caf::behavior{[](const bulkhead::death_certificate& what) { std::printf("%s\n", describe(what).c_str()); },
                         [](const bulkhead::supervision_event& what) {
                           if (what.what == bulkhead::supervision_incident::overran
                               || what.what == bulkhead::supervision_incident::stalled)
                             std::printf("%s\n", describe(what).c_str());
                         },
                         [](const bulkhead::backlog_event&) {}};
  });
  here.host.subscribe(log);

  auto options = here.restarting();
  options.handler.time_max = here.limit;
  auto limited = *here.host.spawn("waiter", options);
  here.expect_response("time_max of a handler", limited, caf::make_message(here.gate));

  options = here.restarting();
  options.handler.stall_max = here.limit;
  auto still = *here.host.spawn("waiter", options);
  int32_t pid = 0;
  here.self->request(still, caf::infinite, caf::get_atom_v).receive([&](int32_t x) { pid = x; }, [](caf::error&) {});
  stop(pid);
  here.expect_response("stall_max of an actor", still, caf::make_message(here.gate));

  bulkhead::executor tasks{sys, {.workers_max = 1}};
  here.expect("time_max of a task", tasks.with({.time_max = here.limit}).submit<&pass>(here.gate));

  bulkhead::executor stalling{sys, {.workers_max = 1, .stall_max = here.limit}};
  stop(*stalling.submit<&own_number>().get());
  here.expect("stall_max of an executor", stalling.submit<&one>());

  options = {};
  options.slow_after = here.limit;
  options.when_slow = bulkhead::slow_consumer::kill;
  options.actor_backlog.messages_max = 8;
  options.when_full = bulkhead::overflow::fail;
  auto slow = *here.host.spawn("waiter", options);
  here.enter(slow);
  for (int i = 0; i < 20; ++i)
    here.self->send(slow, here.gate);

  options = {};
  options.initializer = bulkhead::call<&prepare>(here.gate);
  options.startup_timeout = here.limit;
  auto starting = std::make_shared<std::atomic<int>>(0);
  auto starter = sys.spawn([&](caf::event_based_actor* self) {
    here.host.spawn_async(self, "waiter", options)
      .then([=](const caf::actor&) { *starting = 1; }, [=](const caf::error&) { *starting = 2; });
    return caf::behavior{[](caf::ok_atom) {}};
  });

  auto drained = *here.host.spawn("waiter", here.restarting());
  here.enter(drained);
  here.expect("drain", here.host.drain(drained, here.limit));

  options = {};
  options.stop_timeout = here.limit;
  auto stopping = *here.host.start_worker(options);
  auto last = *stopping.spawn("waiter");
  here.enter(last);
  here.self->monitor(last);
  stopping.stop();

  auto top = *bulkhead::supervise(sys, {}, {});
  auto child = *bulkhead::start_child(
                  top, bulkhead::heavy_child("child", "waiter", bulkhead::worker_options{}).stops_within(here.limit))
                  .get();
  here.enter(child);
  auto stopped = bulkhead::stop_child(top, "child");

  std::printf("ready\n");
  std::fflush(stdout);
  for (auto& [name, result] : here.results)
    std::printf("%s: %s\n", name.c_str(), result().c_str());
  while (*starting == 0)
    std::this_thread::yield();
  std::printf("startup_timeout: %d\n", starting->load());
  here.self->receive(
    [](const caf::down_msg& end) { std::printf("stop_timeout: %s\n", to_string(end.reason).c_str()); });
  std::printf("stop_within: %s\n", stopped.get() ? "ok" : "failed");
  std::fflush(stdout);
  ::close(keeps_it_open);
}

int main(int argc, char** argv) {
  if (!bulkhead::is_worker())
    ::setpgid(0, 0);
  return bulkhead::detail::run_main<bulkhead::heavy<"waiter", waiter>>(caf_main, argc, argv);
}
