#include "unpack.hpp"

#include <bulkhead/bulkhead.hpp>
#include <bulkhead/coroutine.hpp>

#include <caf/all.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <iostream>

using namespace std::chrono_literals;
using namespace bulkhead::literals;
using boost::asio::deferred;
using boost::asio::ip::tcp;
using bulkhead::awaitable;

caf::behavior decoder(caf::event_based_actor*) {
  return {
    [](const std::string& packed) { return unpack(packed); },
  };
}

std::string explain(const caf::error& why) {
  auto death = bulkhead::death_of(why);
  return death ? describe(*death) : to_string(why);
}

awaitable<std::string> read_line(tcp::socket& client) {
  std::string line;
  auto size = co_await async_read_until(client, boost::asio::dynamic_buffer(line, 4096), '\n', deferred);
  co_return line.substr(0, size - 1);
}

// One connection: a line comes in, a line goes out.
awaitable<> session(caf::event_based_actor* self, tcp::socket client, caf::actor decoders) {
  auto packed = co_await with_timeout(read_line(client), 10s);
  auto text = co_await as_expected(bulkhead::request<std::string>(self, decoders, 10s, packed));
  auto answer = text ? *text : "error: " + explain(text.error());
  co_await async_write(client, boost::asio::buffer(answer + '\n'), deferred);
}

awaitable<> serve(caf::event_based_actor* self, caf::actor decoders) {
  tcp::acceptor door{bulkhead::io(self), {boost::asio::ip::address_v4::loopback(), 0}};
  std::cout << "listening on port " << door.local_endpoint().port() << std::endl;
  for (;;)
    co_spawn(self, as_expected(session(self, co_await door.async_accept(deferred), decoders)));
}

int caf_main(caf::actor_system& sys) {
  bulkhead::pool_options options;
  options.workers_min = options.workers_max = 2;
  options.prefetch_max = 1;
  options.worker.memory_bytes_max = 32_MiB;
  options.worker.handler = {.time_max = 2s};
  options.restart = {.restarts_max = 1000, .backoff_max = 100ms}; // the clients cause the crashes, so never give up
  auto decoders = bulkhead::host::of(sys).pool("decoder", options);
  if (!decoders) {
    std::cerr << "no decoders: " << explain(decoders.error()) << '\n';
    return 1;
  }
  caf::scoped_actor self{sys};
  self->wait_for(sys.spawn([&](caf::event_based_actor* server) { co_spawn(server, serve(server, *decoders)); }));
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"decoder", decoder>)
