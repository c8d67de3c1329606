// Starts the real program and speaks HTTP with it. Catches answers with the wrong status, a worker's crash that reaches
// other requests, clients that block others, and workers that outlive the service.
#include <catch2/catch.hpp>

#include "client.hpp"
#include "decode.hpp"
#include "program.hpp"
#include "samples.hpp"

#include <csignal>

namespace samples = thumbnails::samples;
using namespace thumbnails::tests;

namespace {

uint32_t width_of(const reply& answer) {
  auto picture = thumbnails::decode_jpeg(std::as_bytes(std::span{answer.body}), thumbnails::side_max);
  return picture ? picture->width() : 0;
}

std::string hostile(std::string_view name) {
  static const auto all = samples::hostile_files();
  for (auto& x : all)
    if (x.name == name)
      return x.content;
  return {};
}

bool health_shows(client& from, std::string_view text) {
  return from.exchange("GET", "/health").body.find(text) != std::string::npos;
}

} // namespace

TEST_CASE("a picture comes back as a JPEG of the width that was asked for") {
  service on;
  client from{on.port};
  auto picture = samples::make_jpeg(640, 480);
  auto answer = from.exchange("POST", "/thumbnail?width=77", picture);
  CHECK(answer.status == 200);
  CHECK(answer.type == "image/jpeg");
  CHECK(width_of(answer) == 77);
  CHECK(width_of(from.exchange("POST", "/thumbnail", picture)) == 160);
  CHECK(width_of(from.exchange("POST", "/thumbnail?width=4096", picture)) == 640); // never larger than it was
}

TEST_CASE("a connection serves many requests, until the client wants it closed") {
  service on;
  client from{on.port};
  for (int i = 0; i < 3; ++i)
    CHECK(from.exchange("GET", "/health").keeps_alive);
  CHECK(from.exchange("GET", "/nothing").keeps_alive);
  from.send("GET", "/health", {}, false);
  CHECK_FALSE(from.receive().keeps_alive);
  CHECK(from.is_at_end());
}

TEST_CASE("a request that makes no sense gets the status that says why, and a reason in JSON") {
  service on;
  client from{on.port};
  auto picture = samples::make_jpeg(64, 64);
  CHECK(from.exchange("GET", "/").status == 404);
  CHECK(from.exchange("GET", "/thumbnail").status == 405);
  CHECK(from.exchange("POST", "/health").status == 405);
  for (auto width : {"0", "-1", "abc", "4097", "", "1x"})
    CHECK(from.exchange("POST", std::string{"/thumbnail?width="} + width, picture).status == 400);
  auto answer = from.exchange("POST", "/thumbnail", "no picture");
  CHECK(answer.status == 415);
  CHECK(answer.type == "application/json");
  CHECK(answer.body.find("\"error\":\"not_a_picture\"") != std::string::npos);
  CHECK(from.exchange("POST", "/thumbnail", hostile("truncated.png")).status == 422);
  client wild{on.port};
  wild.send_raw("this is not HTTP\r\n\r\n");
  CHECK(wild.receive().status == 400);
}

TEST_CASE("a body that is too large is refused before it is sent") {
  service on;
  client from{on.port};
  from.send_raw("POST /thumbnail HTTP/1.1\r\nHost: x\r\nContent-Length: 33554433\r\n\r\n");
  auto answer = from.receive();
  CHECK(answer.status == 413);
  CHECK_FALSE(answer.keeps_alive);
}

TEST_CASE("a client that asks first is told to continue") {
  service on;
  client from{on.port};
  auto picture = samples::make_jpeg(64, 64);
  from.send_raw("POST /thumbnail HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
                + std::to_string(picture.size()) + "\r\n\r\n");
  CHECK(from.receive().status == 100);
  from.send_raw(picture);
  CHECK(from.receive().status == 200);
}

TEST_CASE("a picture that crashes its worker costs one answer, and the next request succeeds") {
  service on{{"--workers", "1"}};
  client from{on.port};
  auto answer = from.exchange("POST", "/thumbnail", hostile("crash.png"));
  CHECK(answer.status == 502);
  CHECK(answer.body.find("signal") != std::string::npos);
  CHECK(from.exchange("POST", "/thumbnail", samples::make_jpeg(640, 480)).status == 200);
  CHECK(health_shows(from, "\"replaced\":1"));
}

TEST_CASE("a picture that needs too much memory costs one answer") {
  service on{{"--workers", "1"}};
  client from{on.port};
  auto status = from.exchange("POST", "/thumbnail", hostile("bomb.png")).status;
#ifdef __SANITIZE_ADDRESS__
  WARN("AddressSanitizer ends a process that runs out of memory before the runtime can say why");
  CHECK(status == 502);
#else
  CHECK(status == 507);
#endif
  CHECK(from.exchange("POST", "/thumbnail", samples::make_jpeg(640, 480)).status == 200);
}

TEST_CASE("a picture that takes too long is given up at the deadline") {
  service on{{"--workers", "1", "--deadline-ms", "3000"}};
  client from{on.port};
  CHECK(from.exchange("POST", "/thumbnail", hostile("scans.jpg")).status == 504);
  CHECK(from.exchange("POST", "/thumbnail", samples::make_jpeg(640, 480)).status == 200);
}

TEST_CASE("a worker that somebody kills while it is idle is replaced") {
  service on{{"--workers", "1"}};
  client from{on.port};
  REQUIRE(eventually([&] { return health_shows(from, "\"ready\":1"); }));
  auto before = on.run.workers();
  REQUIRE(before.size() == 1);
  ::kill(before.front(), SIGKILL);
  CHECK(eventually([&] { return health_shows(from, "\"ready\":1") && health_shows(from, "\"replaced\":1"); }));
  CHECK(from.exchange("POST", "/thumbnail", samples::make_jpeg(640, 480)).status == 200);
}

TEST_CASE("more pictures than may wait are turned away") {
  service on{{"--workers", "1", "--queue", "1", "--deadline-ms", "600000"}};
  auto slow = hostile("scans.jpg");
  client first{on.port}, second{on.port}, third{on.port}, watcher{on.port};
  first.send("POST", "/thumbnail", slow);
  REQUIRE(eventually([&] { return health_shows(watcher, "\"busy\":1,\"queue\":0"); }));
  second.send("POST", "/thumbnail", slow);
  REQUIRE(eventually([&] { return health_shows(watcher, "\"busy\":1,\"queue\":1"); }));
  CHECK(third.exchange("POST", "/thumbnail", slow).status == 503);
}

TEST_CASE("500 connections at once are all served") {
  service on;
  auto picture = samples::make_jpeg(320, 240);
  std::vector<client> all;
  for (int i = 0; i < 500; ++i)
    all.emplace_back(on.port);
  for (auto& x : all)
    x.send("POST", "/thumbnail?width=20", picture);
  int served = 0;
  for (auto& x : all)
    served += width_of(x.receive()) == 20 ? 1 : 0;
  CHECK(served == 500);
}

TEST_CASE("a slow client does not hold up others, and is cut off in the end") {
  service on{{"--client-ms", "1500"}};
  client slow_header{on.port}, slow_body{on.port};
  slow_header.send_raw("POST /thumbnail HTTP/1.1\r\nHo");
  slow_body.send_raw("POST /thumbnail HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nab");
  CHECK(client{on.port}.exchange("POST", "/thumbnail", samples::make_jpeg(64, 64)).status == 200);
  CHECK(slow_header.is_at_end());
  CHECK(slow_body.is_at_end());
}

TEST_CASE("a client that vanishes in the middle of a body leaves nothing behind") {
  service on;
  client watcher{on.port};
  for (int i = 0; i < 20; ++i)
    client{on.port}.send_raw("POST /thumbnail HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc");
  CHECK(watcher.exchange("POST", "/thumbnail", samples::make_jpeg(64, 64)).status == 200);
  CHECK(health_shows(watcher, "\"served\":1,\"failed\":0"));
}

TEST_CASE("SIGTERM ends the service with status 0, and no worker outlives it") {
  service on{{"--deadline-ms", "600000"}};
  client idle{on.port}, half{on.port}, busy{on.port};
  REQUIRE(eventually([&] { return health_shows(idle, "\"ready\":2"); }));
  half.send_raw("POST /thum");
  busy.send("POST", "/thumbnail", hostile("scans.jpg"));
  REQUIRE(eventually([&] { return health_shows(idle, "\"busy\":1"); }));
  auto workers = on.run.workers();
  REQUIRE(workers.size() == 2);
  on.run.send_signal(SIGTERM);
  CHECK(on.run.wait() == 0);
  CHECK(idle.is_at_end());
  for (auto pid : workers)
    CHECK_FALSE(is_running(pid));
}
