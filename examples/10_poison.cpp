// Shows a pool among whose messages are two bad ones: one kills each process that handles it, one never ends, so that its process is
// killed. Both are tried twice, fail with the reason then and are kept as dead letters, and all others are answered.
#include <bulkhead/bulkhead.hpp>
#include <bulkhead/supervision.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <iostream>
#include <map>
#include <string>
#include <thread>

using namespace std::chrono_literals;

caf::behavior parser(caf::event_based_actor*) {
  return {
    [](const std::string& document) {
      if (document == "bomb")
        ::raise(SIGKILL);
      while (document == "maze")
        std::this_thread::sleep_for(1ms);
      return static_cast<int32_t>(document.size());
    },
  };
}

std::string reason_of(const caf::error& why) {
  auto death = bulkhead::death_of(why);
  return death
           ? to_string(static_cast<bulkhead::errc>(why.code())) + ", " + to_string(death->cause) + ": " + death->detail
           : to_string(why);
}

int caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  bulkhead::pool_options options;
  options.workers_min = options.workers_max = 2;
  options.restart = {
    .when = bulkhead::restart_when::on_crash, .interrupted = bulkhead::in_doubt::retry, .poison_after = 2};
  options.worker.handler = {.time_max = 500ms};
  auto parsers = host.pool("parser", options);
  if (!parsers) {
    std::cerr << to_string(parsers.error()) << std::endl;
    return 1;
  }

  caf::scoped_actor self{sys};
  int32_t parsed = 0;
  std::map<std::string, std::string> failed;
  self->spawn([&, pool = *parsers](caf::event_based_actor* asks) {
    for (auto document : {"a", "bb", "bomb", "ccc", "maze", "dddd", "eeeee", "ffffff"})
      asks->request(pool, 10s, std::string{document})
        .then([&](int32_t) { ++parsed; },
              [&failed, document](const caf::error& why) { failed[document] = reason_of(why); });
  });
  self->await_all_other_actors_done();
  std::cout << parsed << " documents were parsed" << std::endl;
  for (auto& [document, why] : failed)
    std::cout << document << ": " << why << std::endl;
  std::cout << "the pool has " << host.status(*parsers)->members.size() << " members" << std::endl;
  std::map<std::string, size_t> kept; // to be looked at, or to be sent once more when the parser is mended
  for (auto& letter : host.take_dead_letters())
    kept[letter.content.get_as<std::string>(0)] = letter.deaths.size();
  for (auto& [document, deaths] : kept)
    std::cout << "kept: " << document << ", " << deaths << " processes died of it" << std::endl;
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"parser", parser>)
