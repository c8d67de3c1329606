#include "unit/transport/edges.hpp"

#include "support/fixture.hpp"

#include <bulkhead/runtime/host_system.hpp>
#include <bulkhead/runtime/link.hpp>
#include <bulkhead/runtime/router.hpp>

#include <iterator>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

using namespace bulkhead;
using transport::envelope;
using transport::record_kind;

namespace {

constexpr transport::process_number peer_number = 77;
constexpr uint64_t bytes_max = 100'000;

using random_source = std::minstd_rand;

caf::behavior target(caf::event_based_actor*) {
  return {[](int32_t x) { return x; }, [](const std::string& x) { return x; }};
}

struct no_events final : runtime::link_events {};

/// The host's end as it is in earnest, and the region of a worker that a test may scribble on.
struct attacked_link {
  explicit attacked_link(runtime::router& routes) : routes_(routes) {
    auto made = transport::make_edge(edges::small);
    REQUIRE(made.has_value());
    REQUIRE(transport::reserve_pages(*made).has_value());
    auto other = transport::adopt_edge(edges::small, edges::copy_of(made->down_region.fd()),
                                       edges::copy_of(made->up_region.fd()), edges::copy_of(made->host.peer_bell.fd()),
                                       edges::copy_of(made->host.own_bell.fd()), std::move(made->channel));
    REQUIRE(other.has_value());
    worker = std::make_unique<transport::edge>(std::move(*other));
    out = std::make_unique<transport::outbox>(worker->own.data(), worker->peer.data(), worker->rings, worker->peer_bell,
                                              worker->own_bell, transport::outbox_limits{});
    host = runtime::link::make(routes, peer_number, std::move(made->host), limits(), events);
    routes.attach(peer_number, host);
  }

  static runtime::link_limits limits() {
    runtime::link_limits result;
    result.records.message_bytes_max = bytes_max;
    result.backlog.all = result.backlog.each = {uint64_t{1} << 30, uint64_t{1} << 20};
    return result;
  }

  ~attacked_link() {
    worker_death death;
    death.cause = death_cause::corrupt;
    host->drain();
    host->close(death);
  }

  attacked_link(const attacked_link&) = delete;
  attacked_link& operator=(const attacked_link&) = delete;

  void read() {
    out->pump();
    REQUIRE(host->try_read());
    for (auto rounds = 0; rounds < 20 && host->poll(routes_.context(), 64) > 0; ++rounds)
      out->pump();
    host->done_reading();
  }

  runtime::router& routes_;
  no_events events;
  std::unique_ptr<transport::edge> worker;
  std::unique_ptr<transport::outbox> out;
  std::shared_ptr<runtime::link> host;
};

caf::byte_buffer random_bytes(random_source& random, size_t count) {
  caf::byte_buffer result(count);
  for (auto& x : result)
    x = static_cast<caf::byte>(random());
  return result;
}

uint64_t random_actor(random_source& random, const std::vector<caf::actor>& actors) {
  switch (random() % 4) {
  case 0:
    return random();
  case 1:
    return random() % 3000;
  default:
    return actors[random() % actors.size()].id();
  }
}

transport::process_number random_process(random_source& random) {
  const transport::process_number some[] = {0, 0, 0, peer_number, peer_number, 1, 0xffffffff};
  return some[random() % std::size(some)];
}

/// What a worker could say, with or without sense.
void say_something(random_source& random, const std::vector<caf::actor>& actors, transport::outbox& out) {
  envelope head{random_actor(random, actors), random_actor(random, actors), random() % 2 ? random() : 0,
                random_process(random), random_process(random)};
  auto kind = static_cast<record_kind>(1 + random() % static_cast<uint64_t>(transport::last_record_kind));
  caf::byte_buffer body;
  uint16_t flags = 0;
  switch (random() % 4) {
  case 0:
    body = random_bytes(random, random() % 200);
    flags = static_cast<uint16_t>(random() % 3);
    break;
  case 1:
    body = transport::encode_reason(nullptr, caf::make_error(caf::sec::runtime_error, "on purpose"), 1000);
    break;
  default: {
    auto content = random() % 2 ? caf::make_message(static_cast<int32_t>(random()))
                                : caf::make_message(std::string(random() % 3000, 'x'));
    caf::mailbox_element what{nullptr, caf::make_message_id(head.word), {}, std::move(content)};
    (void) transport::encode(nullptr, what, body, flags, nullptr);
  }
  }
  if (!body.empty() && random() % 3 == 0)
    body[random() % body.size()] ^= static_cast<caf::byte>(1 << random() % 8);
  if (random() % 8 == 0)
    (void) out.send_control(kind, head, body);
  else
    (void) out.send(kind, flags, head, std::move(body));
}

} // namespace

// What these would catch: memory errors and failed assertions in all that reads what a worker wrote. They run under
// AddressSanitizer; the checks below only tell that the host still works.

TEST_CASE("a host takes any sequence of well-formed records") {
  test_support::host_fixture f{1};
  auto& routes = runtime::host_system::of(f.sys)->routes();
  std::vector<caf::actor> actors;
  for (auto i = 0; i < 8; ++i)
    actors.push_back(f.sys.spawn(target));
  random_source random{1};
  for (auto round = 0; round < 300; ++round) {
    attacked_link link{routes};
    for (auto i = random() % 60; i > 0; --i)
      say_something(random, actors, *link.out);
    link.read();
  }
  auto fresh = f.sys.spawn(target);
  caf::scoped_actor self{f.sys};
  self->request(fresh, test_support::patience, int32_t{7})
    .receive([](int32_t x) { CHECK(x == 7); }, [](const caf::error& why) { FAIL(to_string(why)); });
}

TEST_CASE("a host takes any damage to its worker's region") {
  test_support::host_fixture f{1};
  auto& routes = runtime::host_system::of(f.sys)->routes();
  std::vector<caf::actor> actors;
  for (auto i = 0; i < 8; ++i)
    actors.push_back(f.sys.spawn(target));
  random_source random{2};
  for (auto round = 0; round < 600; ++round) {
    attacked_link link{routes};
    for (auto i = 1 + random() % 30; i > 0; --i)
      say_something(random, actors, *link.out);
    auto region = link.worker->own.data();
    switch (random() % 3) {
    case 0: { // one bit of the records
      auto at = shm::header_bytes + random() % (edges::small.data_bytes / 2);
      region[at] ^= static_cast<std::byte>(1 << random() % 8);
      break;
    }
    case 1: { // one bit of the words
      auto at = 128 + random() % 512;
      region[at] ^= static_cast<std::byte>(1 << random() % 8);
      break;
    }
    default: { // all records
      for (size_t i = 0; i < edges::small.data_bytes + edges::small.control_bytes; ++i)
        region[shm::header_bytes + i] = static_cast<std::byte>(random());
    }
    }
    link.read();
  }
  CHECK(f.host.live_workers() == 0);
}

TEST_CASE("decoders take any bytes") {
  random_source random{3};
  size_t decoded = 0;
  for (auto round = 0; round < 100'000; ++round) {
    auto body = random_bytes(random, random() % 64);
    if (!body.empty() && random() % 2)
      body[0] = static_cast<caf::byte>(random() % 3); // few elements, so that it gets to their content
    if (body.size() > 2 && random() % 2)
      body[1] = caf::byte{0};
    auto view = std::as_bytes(std::span{body});
    caf::mailbox_element::forwarding_stack stages;
    caf::message content;
    decoded += transport::decode(nullptr, static_cast<uint16_t>(random() % 2), view, nullptr, stages, content) ? 0 : 1;
    (void) transport::decode_reason(nullptr, view);
    transport::spawn_request what;
    (void) transport::decode(nullptr, view, nullptr, what);
  }
  CHECK(decoded > 0);
}
