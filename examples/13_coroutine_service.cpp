// A TCP service in which each connection is a coroutine and each request computes in a worker process. A client that sends what
// crashes its worker gets an error, and one that sends nothing is shown the door; nobody else notices. The clients are coroutines, too.
#include <bulkhead/bulkhead.hpp>
#include <bulkhead/coroutine.hpp>

#include <caf/all.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cstdlib>
#include <iostream>

using namespace std::chrono_literals;
using boost::asio::deferred;
using boost::asio::ip::tcp;
using bulkhead::awaitable;

uint64_t sum_of_squares(uint64_t n) {
  if (n == 13)
    std::abort();
  uint64_t sum = 0;
  for (uint64_t i = 1; i <= n; ++i)
    sum += i * i;
  return sum;
}

awaitable<std::string> read_line(tcp::socket& peer) {
  std::string line;
  auto size = co_await async_read_until(peer, boost::asio::dynamic_buffer(line), '\n', deferred);
  co_return line.substr(0, size - 1);
}

awaitable<std::string> answer(bulkhead::executor pool, std::string line) {
  auto sum = co_await as_expected(pool.submit<&sum_of_squares>(std::stoull(line)));
  co_return line
    + (sum                                          ? " -> " + std::to_string(*sum)
       : sum.error() == bulkhead::errc::worker_lost ? ": worker lost"
                                                    : ": failed");
}

awaitable<> session(tcp::socket peer, bulkhead::executor pool) {
  auto line = co_await as_expected(with_timeout(read_line(peer), 1s));
  std::string text = "too slow";
  if (line)
    text = co_await answer(pool, *line);
  co_await async_write(peer, boost::asio::buffer(text + '\n'), deferred);
}

awaitable<> serve(tcp::acceptor& door, bulkhead::task_group group, bulkhead::executor pool) {
  for (;;) {
    auto peer = co_await door.async_accept(deferred);
    group.add(as_expected(session(std::move(peer), pool))); // an error of one is not one of the group
  }
}

awaitable<> client(caf::event_based_actor* self, tcp::endpoint server, std::string line) {
  tcp::socket peer{bulkhead::io(self)};
  co_await peer.async_connect(server, deferred);
  co_await async_write(peer, boost::asio::buffer(line), deferred);
  std::cout << co_await read_line(peer) << std::endl;
}

awaitable<> run(caf::event_based_actor* self, bulkhead::executor pool) {
  tcp::acceptor door{bulkhead::io(self), {boost::asio::ip::address_v4::loopback(), 0}};
  auto clients = [&]() -> awaitable<> {
    const std::array lines{"10\n", "13\n", "1000\n", ""};
    for (auto line : lines)
      co_await client(self, door.local_endpoint(), line);
    co_await (client(self, door.local_endpoint(), "20\n") && client(self, door.local_endpoint(), "20\n"));
  };
  auto service = bulkhead::with_task_group([&](bulkhead::task_group group) { return serve(door, group, pool); });
  co_await (std::move(service) || clients()); // the service never ends by itself, and goes with its clients
  std::cout << "all served" << std::endl;
}

void caf_main(caf::actor_system& sys) {
  bulkhead::executor pool{sys, {.workers_max = 2}};
  caf::scoped_actor self{sys};
  self->wait_for(sys.spawn([pool](caf::event_based_actor* me) { co_spawn(me, run(me, pool)); }));
}

BULKHEAD_MAIN()
