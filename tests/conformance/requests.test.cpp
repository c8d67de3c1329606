// Requests, and all the ways in which they are answered.

#include "conformance/actors.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace conformance;
using namespace test_support;

namespace {

using std::chrono::milliseconds;

constexpr caf::timespan short_while{milliseconds{20}};

caf::behavior refuser(caf::event_based_actor* self) {
  return {
    [](int32_t number) -> caf::result<int32_t> {
      return caf::make_error(caf::sec::invalid_argument, "number", number);
    },
    [](caf::get_atom) -> caf::result<int32_t> { return caf::make_error(bulkhead::errc::out_of_memory, "no room"); },
    [=](caf::put_atom) {
      auto promise = self->make_response_promise<int32_t>();
      promise.deliver(caf::make_error(caf::sec::bad_function_call));
      return promise;
    },
  };
}

// Promises an answer that another actor gives.
caf::behavior delegator(caf::event_based_actor* self, caf::actor to) {
  return {
    [=](const std::string& text) {
      auto promise = self->make_response_promise<std::string>();
      return promise.delegate(to, text);
    },
  };
}

// Sends `count` requests at once, and the number of right answers to whoever asked when all are there.
caf::behavior asker(caf::event_based_actor* self, caf::actor of) {
  return {
    [=](int32_t count) {
      auto promise = self->make_response_promise<int32_t>();
      auto right = std::make_shared<int32_t>(0);
      auto open = std::make_shared<int32_t>(count);
      for (int32_t i = 0; i < count; ++i) {
        auto done = [=](bool as_expected) mutable {
          *right += as_expected ? 1 : 0;
          if (--*open == 0)
            promise.deliver(*right);
        };
        self->request(of, caf::infinite, i)
          .then([=](int32_t answer) mutable { done(answer == i); }, [=](caf::error&) mutable { done(false); });
      }
      return promise;
    },
  };
}

const known_actor refuser_known{bulkhead::heavy<"refuser", refuser>::add_to};
const known_actor delegator_known{bulkhead::heavy<"delegator", delegator>::add_to};
const known_actor asker_known{bulkhead::heavy<"asker", asker>::add_to};

} // namespace

TEST_CASE("a request without a timeout is answered") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto asked = s.spawn("echo");
  CHECK(ask<std::string>(s.self, s.spawn("puppet"), caf::get_atom_v, asked, std::string{"x"}) == std::string{"x"});
  CHECK(ask<std::string>(s.self, s.spawn("puppet"), caf::get_atom_v, s.sys.spawn(echo), std::string{"y"})
        == std::string{"y"});
  CHECK(ask<std::string>(s.self, s.sys.spawn(puppet), caf::get_atom_v, asked, std::string{"z"}) == std::string{"z"});
}

TEST_CASE("a request times out, and its late response is ignored") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto asked = s.spawn("keeper");
  auto requester = s.sys.spawn(puppet);
  SECTION("asked by an actor in the host") {}
  SECTION("asked by an actor of another worker") {
    requester = s.spawn("puppet");
  }
  SECTION("asked of an actor in the host") {
    asked = s.sys.spawn(keeper);
    requester = s.spawn("puppet");
  }
  CHECK(ask<std::string>(s.self, requester, caf::get_atom_v, asked, short_while) == caf::sec::request_timeout);
  CHECK(ask<void>(s.self, asked, caf::ok_atom_v));
  // Whatever the late response did, it did it before these.
  CHECK(ask<std::string>(s.self, requester, caf::get_atom_v, s.sys.spawn(echo), std::string{"on"})
        == std::string{"on"});
  CHECK(ask<std::string>(s.self, requester, caf::get_atom_v, asked, short_while) == caf::sec::request_timeout);
}

TEST_CASE("a request that is answered in time does not time out") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  CHECK(ask<int32_t>(s.self, s.spawn("keeper"), caf::wait_for_atom_v, short_while) == 7);
}

TEST_CASE("delegated requests are answered by the actor at the end of the chain") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto last = s.spawn("echo");
  SECTION("in another worker") {}
  SECTION("in the host") {
    last = s.sys.spawn(echo);
  }
  SECTION("in the same worker") {
    last = s.spawn_together("echo");
  }
  auto second = s.spawn_together("relay", last);
  auto first = s.spawn("relay", second);
  CHECK(ask<std::string>(s.self, second, std::string{"a"}) == std::string{"a"});
  CHECK(ask<std::string>(s.self, first, std::string{"b"}) == std::string{"b"});
  CHECK(ask<std::string>(s.self, s.spawn("delegator", first), std::string{"c"}) == std::string{"c"});
  CHECK(ask<std::string>(s.self, s.spawn("puppet"), caf::get_atom_v, first, std::string{"d"}) == std::string{"d"});
}

TEST_CASE("a request that is delegated to a dead actor fails") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto last = s.spawn("echo");
  auto first = s.spawn("relay", last);
  s.self->monitor(last);
  s.self->send_exit(last, caf::exit_reason::user_shutdown);
  REQUIRE(end_of(s.self, last));
  CHECK(ask<std::string>(s.self, first, std::string{"x"}) == caf::sec::request_receiver_down);
}

TEST_CASE("a promise is kept later, by a timer or by another message") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto asked = s.spawn("keeper");
  CHECK(ask<int32_t>(s.self, asked, caf::wait_for_atom_v, short_while) == 7);
  auto open = s.self->request(asked, patience, caf::wait_for_atom_v);
  s.self->send(asked, caf::ok_atom_v);
  open.receive([](int32_t answer) { CHECK(answer == 7); }, [](caf::error& reason) { FAIL(to_string(reason)); });
}

TEST_CASE("a promise that is dropped is answered with broken_promise") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto asked = s.spawn("keeper");
  caf::error reason;
  auto open = s.self->request(asked, patience, caf::wait_for_atom_v);
  // An exit message would overtake the request.
  CHECK(ask<int32_t>(s.self, asked, caf::wait_for_atom_v, short_while) == 7);
  SECTION("by its actor") {
    s.self->send(asked, caf::reset_atom_v);
  }
  SECTION("because its actor ends") {
    s.self->send_exit(asked, caf::exit_reason::user_shutdown);
  }
  open.receive([](int32_t) { FAIL("answered"); }, [&](caf::error& why) { reason = std::move(why); });
  CHECK(reason == caf::sec::broken_promise);
}

TEST_CASE("an error response arrives with its code and its context") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  auto asked = s.spawn("refuser");
  CHECK(ask<int32_t>(s.self, asked, int32_t{3}).error()
        == caf::make_error(caf::sec::invalid_argument, "number", int32_t{3}));
  auto own = ask<int32_t>(s.self, asked, caf::get_atom_v).error();
  CHECK(own == bulkhead::errc::out_of_memory);
  CHECK(to_string(own).find("no room") != std::string::npos);
  CHECK(ask<int32_t>(s.self, asked, caf::put_atom_v) == caf::sec::bad_function_call);
}

TEST_CASE("ten thousand requests in flight are all answered") {
  auto where = GENERATE(place::in_host, place::in_worker);
  CAPTURE(where);
  stage s{where};
  constexpr int32_t count = 10'000;
  SECTION("from the host to a worker") {
    CHECK(ask<int32_t>(s.self, s.sys.spawn(asker, s.spawn("echo")), count) == count);
  }
  SECTION("from a worker to the host") {
    CHECK(ask<int32_t>(s.self, s.spawn("asker", s.sys.spawn(echo)), count) == count);
  }
  SECTION("from a worker to another") {
    CHECK(ask<int32_t>(s.self, s.spawn("asker", s.spawn("echo")), count) == count);
  }
}
