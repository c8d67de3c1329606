// Shows children that come and go while their supervisor runs: a pool of workers that counts words, and sessions that use it, each added
// when somebody logs in, and gone when it has ended, well or not. When the pool gives up, the sessions start again behind the next one.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <csignal>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>

using namespace std::chrono_literals;

caf::behavior word_counter(caf::event_based_actor*) {
  return {
    [](const std::string& text) {
      std::istringstream words{text};
      return static_cast<int32_t>(std::distance(std::istream_iterator<std::string>{words}, {}));
    },
    [](caf::delete_atom) { ::raise(SIGKILL); },
  };
}

// Looks the pool up once: when that is replaced, so is this one.
caf::behavior session(caf::event_based_actor* self, const caf::actor_addr& top) {
  auto pool = std::make_shared<caf::actor>();
  self->request(caf::actor_cast<caf::actor>(top), 10s, caf::get_atom_v, "words").await([pool](const caf::actor& x) {
    *pool = x;
  });
  return {
    [self, pool](const std::string& text) { return self->delegate(*pool, text); },
    [self](caf::close_atom) { self->quit(); },
  };
}

bulkhead::child_spec session_of(const std::string& user) {
  return bulkhead::child(user, [](caf::event_based_actor* self) { return self->spawn(session, self->address()); });
}

void print(const bulkhead::child_status& child) {
  std::cout << child.name << ": " << to_string(child.state) << std::endl;
}

int caf_main(caf::actor_system& sys) {
  bulkhead::pool_options options{.workers_min = 2, .workers_max = 2};
  options.restart.restarts_max = 0; // it gives up when each member has died
  auto top = bulkhead::supervise(sys, {.strategy = bulkhead::strategy::rest_for_one},
                                 {bulkhead::pool_child("words", "word_counter", options)});
  if (!top) {
    std::cout << to_string(top.error()) << std::endl;
    return 1;
  }
  caf::scoped_actor self{sys};
  auto failed = [](const caf::error& why) { std::cout << to_string(why) << std::endl; };
  auto look_up = [&](const std::string& name) {
    caf::actor result;
    self->request(*top, 10s, caf::get_atom_v, name).receive([&](const caf::actor& found) { result = found; }, failed);
    return result;
  };
  auto ask = [&](const std::string& user) {
    self->request(look_up(user), 10s, "the quick brown fox")
      .receive([&](int32_t x) { std::cout << user << " counts " << x << " words" << std::endl; }, failed);
  };
  auto print_statuses = [&](int count) {
    for (int i = 0; i < count; ++i)
      self->receive(print);
  };

  auto anna = bulkhead::start_child(*top, session_of("anna")).get();
  auto guest = bulkhead::start_child(*top, session_of("guest").restarts(bulkhead::restart_type::temporary)).get();
  auto again = bulkhead::start_child(*top, session_of("anna")).get();
  if (!anna || !guest || again)
    return 1;
  std::cout << "anna cannot come twice: " << to_string(again.error()) << std::endl;
  ask("anna");
  self->send(*top, caf::subscribe_atom_v, caf::actor{self});
  print_statuses(3);

  std::cout << "the guest leaves" << std::endl;
  self->send(*guest, caf::close_atom_v);
  print_statuses(1);
  std::cout << "all members of the pool die" << std::endl;
  auto pool = look_up("words");
  for (size_t i = 0; i < options.workers_min; ++i)
    self->send(pool, caf::delete_atom_v);
  print_statuses(5);
  ask("anna");
  std::cout << "anna has to go" << std::endl;
  if (auto gone = bulkhead::stop_child(*top, "anna").get(); !gone)
    failed(gone.error());
  print_statuses(2);
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"word_counter", word_counter>)
