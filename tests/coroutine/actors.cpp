#include "actors.hpp"

#include <boost/asio/deferred.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <unistd.h>

namespace coroutines {

namespace asio = boost::asio;
using bulkhead::awaitable;
using namespace std::chrono_literals;

caf::behavior doubler() {
  return {[](int32_t x) -> caf::result<int32_t> {
    if (x < 0)
      return caf::make_error(caf::sec::invalid_argument);
    return 2 * x;
  }};
}

caf::behavior silent(caf::event_based_actor* self) {
  auto kept = std::make_shared<std::vector<caf::response_promise>>();
  return {
    [=](int32_t) {
      kept->push_back(self->make_response_promise());
      return kept->back();
    },
    [=](caf::get_atom) { return static_cast<int32_t>(kept->size()); },
  };
}

int32_t square(int32_t x) {
  return x * x;
}

void hang(const std::string& path) {
  std::ofstream{path} << "1";
  for (;;)
    ::pause();
}

namespace {

awaitable<> read_socket(caf::event_based_actor* self) {
  using protocol = asio::local::stream_protocol;
  asio::basic_stream_socket<protocol, bulkhead::actor_executor> here{bulkhead::io(self)}, there{bulkhead::io(self)};
  asio::local::connect_pair(here, there);
  std::array<char, 1> buffer{};
  co_await here.async_read_some(asio::buffer(buffer), asio::deferred);
}

awaitable<> read_pipe(caf::event_based_actor* self) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0)
    throw std::runtime_error{"no pipe"};
  asio::posix::basic_stream_descriptor<bulkhead::actor_executor> out{bulkhead::io(self), ends[0]},
    in{bulkhead::io(self), ends[1]};
  co_await out.async_wait(asio::posix::descriptor_base::wait_read, asio::deferred);
}

awaitable<> request_one(caf::event_based_actor* self, caf::actor silent, census::entry) {
  co_await bulkhead::request<int32_t>(self, silent, caf::infinite, int32_t{1});
}

awaitable<> delay_one(census::entry) {
  co_await bulkhead::delay(24h);
}

} // namespace

awaitable<> wait_for_ever(caf::event_based_actor* self, std::string kind, caf::actor silent, census::entry here) {
  census count;
  if (kind == "a request")
    co_await bulkhead::request<int32_t>(self, silent, caf::infinite, int32_t{1});
  else if (kind == "a timer")
    co_await bulkhead::delay(24h);
  else if (kind == "a socket")
    co_await read_socket(self);
  else if (kind == "a descriptor")
    co_await read_pipe(self);
  else if (kind == "a message")
    co_await bulkhead::receive<std::string>(self);
  else if (kind == "a coroutine")
    co_await wait_for_ever(self, "a request", silent, std::move(here));
  else if (kind == "all of some")
    co_await (request_one(self, silent, std::move(here)) && delay_one(count.enter())
              && bulkhead::receive<std::string, int32_t>(self));
  else if (kind == "one of some")
    co_await (request_one(self, silent, std::move(here)) || delay_one(count.enter())
              || bulkhead::receive<std::string, int32_t>(self));
  else if (kind == "a time limit")
    co_await bulkhead::with_timeout(request_one(self, silent, std::move(here)), 24h);
  else if (kind == "a group")
    co_await bulkhead::with_task_group([&](bulkhead::task_group group) -> awaitable<> {
      group.add(request_one(self, silent, std::move(here)));
      group.add(read_socket(self));
      group.add(bulkhead::receive<std::string>(self));
      co_await bulkhead::delay(24h);
    });
  else if (kind == "a future")
    co_await bulkhead::create_task(self, request_one(self, silent, std::move(here)));
}

} // namespace coroutines
