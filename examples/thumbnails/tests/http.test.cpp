// Speaks HTTP byte by byte with the real program. Catches answers that RFC 9110 and 9112 forbid, requests that two servers could read in
// two ways, and connections that take what workers need.
#include <catch2/catch.hpp>

#include "client.hpp"
#include "http_target.hpp"
#include "program.hpp"
#include "samples.hpp"

#include <sys/resource.h>

namespace samples = thumbnails::samples;
using namespace thumbnails::tests;

namespace {

/// A request as bytes, and how its answer begins.
struct exchange {
  const char* what;
  std::string request;
  const char* status;
  /// A line that the header of the answer has.
  const char* line = "";
};

std::string post(std::string_view header, std::string_view body = {}) {
  return "POST /thumbnail?width=9 HTTP/1.1\r\nHost: x\r\n" + std::string{header} + "\r\n" + std::string{body};
}

std::string get(std::string_view target, std::string_view header = "Host: x\r\n") {
  return "GET " + std::string{target} + " HTTP/1.1\r\n" + std::string{header} + "\r\n";
}

std::string chunked(std::string_view body) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx", body.size());
  return std::string{size} + "\r\n" + std::string{body} + "\r\n0\r\n\r\n";
}

std::vector<exchange> exchanges() {
  auto picture = samples::make_jpeg(32, 24);
  auto length = "Content-Length: " + std::to_string(picture.size()) + "\r\n";
  std::string chunks = "Transfer-Encoding: chunked\r\n";
  return {
    {"a health check", get("/health"), "200", "Date: "},
    {"an empty line before a request", "\r\n" + get("/health"), "200"},
    {"two empty lines before a request", "\r\n\r\n" + get("/health"), "400"},
    {"an absolute target", get("http://x/health"), "200"},
    {"a target with an escape", get("/%68ealth?x=1"), "200"},
    {"a target that is no path", get("health"), "400"},
    {"an escape that is none", get("/%zz"), "400"},
    {"an unknown path", get("/nothing"), "404"},
    {"HEAD", "HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n", "200", "Content-Length: "},
    {"OPTIONS of a path", "OPTIONS /health HTTP/1.1\r\nHost: x\r\n\r\n", "204", "Allow: GET, HEAD, OPTIONS"},
    {"OPTIONS of the server", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "204", "Allow: "},
    {"a method that this path lacks", "DELETE /health HTTP/1.1\r\nHost: x\r\n\r\n", "405", "Allow: GET, HEAD, OPTIONS"},
    {"a method that is unknown", "BREW /health HTTP/1.1\r\nHost: x\r\n\r\n", "501"},
    {"no host", get("/health", ""), "400", "Connection: close"},
    {"two hosts", get("/health", "Host: x\r\nHost: y\r\n"), "400", "Connection: close"},
    {"a host that is none", get("/health", "Host: x/y\r\n"), "400"},
    {"HTTP/1.0 without a host", "GET /health HTTP/1.0\r\n\r\n", "200", "Connection: close"},
    {"HTTP/1.0 that stays", "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "200", "Connection: keep-alive"},
    {"HTTP/2.0", "GET /health HTTP/2.0\r\nHost: x\r\n\r\n", "505"},
    {"no HTTP", "hello there\r\n\r\n", "400"},
    {"a picture", post(length, picture), "200"},
    {"a picture in chunks", post(chunks, chunked(picture)), "200"},
    {"a chunk that is none", post(chunks, "zz\r\n"), "400", "Connection: close"},
    {"no length", post(""), "411"},
    {"a length that is none", post("Content-Length: 1x\r\n"), "400", "Connection: close"},
    {"two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "a"), "400", "Connection: close"},
    {"a length and chunks", post(length + chunks, chunked(picture)), "400", "Connection: close"},
    {"chunks and a length", post(chunks + length, chunked(picture)), "400", "Connection: close"},
    {"chunks twice", post(chunks + chunks, chunked(picture)), "400", "Connection: close"},
    {"an unknown transfer coding", post("Transfer-Encoding: gzip, chunked\r\n", chunked(picture)), "501"},
    {"a transfer coding without an end", post("Transfer-Encoding: identity\r\n", picture), "501", "Connection: close"},
    {"chunks in HTTP/1.0", "POST /thumbnail HTTP/1.0\r\n" + chunks + "\r\n" + chunked(picture), "400"},
    {"too long a picture", post("Content-Length: 99999999999\r\n"), "413", "Connection: close"},
    {"too long a target", "GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\n", "414"},
    {"too long a field", get("/health", "Host: x\r\nX: " + std::string(9'000, 'x') + "\r\n"), "431"},
    {"a coding of the content", post(length + "Content-Encoding: gzip\r\n", picture), "415"},
    {"an unknown expectation", post(length + "Expect: miracles\r\n", picture), "417"},
    {"consent to a picture", post(length + "Expect: 100-continue\r\n"), "100"},
    {"consent to what fails", "POST /nothing HTTP/1.1\r\nHost: x\r\n" + length + "Expect: 100-continue\r\n\r\n", "404",
     "Connection: close"},
  };
}

/// Descriptors that this process and its children may have.
class descriptor_limit {
public:
  explicit descriptor_limit(rlim_t max) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now{max, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }

  ~descriptor_limit() {
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;

private:
  rlimit before_{};
};

service start_with_descriptors(rlim_t max) {
  descriptor_limit limit{max};
  return service{};
}

} // namespace

TEST_CASE("each request is answered as HTTP demands") {
  service on;
  for (auto& x : exchanges()) {
    INFO(x.what);
    client from{on.port};
    from.send_raw(x.request);
    auto header = from.receive_header();
    INFO(header);
    CHECK(header.starts_with(std::string{"HTTP/1.1 "} + x.status + " "));
    CHECK(header.find(std::string{"\r\n"} + x.line) != std::string::npos);
  }
}

TEST_CASE("requests that are sent at once are answered in their order") {
  service on;
  client from{on.port};
  auto picture = samples::make_jpeg(32, 24);
  from.send_raw(post("Content-Length: " + std::to_string(picture.size()) + "\r\n", picture) + get("/nothing")
                + get("/health"));
  CHECK(from.receive().status == 200);
  CHECK(from.receive().status == 404);
  CHECK(from.receive().status == 200);
}

TEST_CASE("an answer to HEAD has no body, and the next answer has its own") {
  service on;
  client from{on.port};
  from.send_raw("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(from.receive_header().starts_with("HTTP/1.1 200 "));
  from.send_raw("no request\r\n\r\n");
  auto answer = from.receive();
  CHECK(answer.status == 400);
  CHECK_FALSE(answer.body.empty());
}

TEST_CASE("a client that has sent all and closes its side gets its answer") {
  service on;
  client from{on.port};
  auto picture = samples::make_jpeg(32, 24);
  from.send_raw(post("Content-Length: " + std::to_string(picture.size()) + "\r\n", picture));
  from.end_sending();
  CHECK(from.receive().status == 200);
  CHECK(from.is_at_end());
}

TEST_CASE("a client that sends on after an early refusal sees it") {
  service on;
  client from{on.port};
  from.send_raw(post("Content-Length: 99999999\r\n"));
  from.send_raw(std::string(4 << 20, 'x'));
  CHECK(from.receive().status == 413);
}

TEST_CASE("connections leave workers the descriptors to be replaced") {
  auto on = start_with_descriptors(100);
  client first{on.port};
  std::vector<client> crowd;
  for (int i = 0; i < 100; ++i)
    crowd.emplace_back(on.port);
  client last{on.port};
  for (auto& x : samples::hostile_files())
    if (x.name == "crash.png")
      for (int i = 0; i < 3; ++i)
        CHECK(first.exchange("POST", "/thumbnail", x.content).status == 502);
  CHECK(first.exchange("POST", "/thumbnail", samples::make_jpeg(64, 64)).status == 200);
  crowd.clear();
  CHECK(eventually([&] { return client{on.port}.exchange("GET", "/health").status == 200; }));
}

TEST_CASE("a connection too many gets 503, and the time after which to come again") {
  auto on = start_with_descriptors(100);
  std::vector<client> crowd;
  std::string header;
  for (int i = 0; i < 100 && header.empty(); ++i) {
    crowd.emplace_back(on.port);
    auto& newest = crowd.back();
    newest.send_raw(get("/health"));
    if (auto answer = newest.receive_header(); !answer.starts_with("HTTP/1.1 200 "))
      header = answer;
  }
  CHECK(header.starts_with("HTTP/1.1 503 "));
  CHECK(header.find("\r\nRetry-After: ") != std::string::npos);
}

TEST_CASE("a target is a path without escapes, and a query") {
  auto path = [](std::string_view text) {
    auto target = thumbnails::parse_target(text);
    return target ? target->path : std::string{"none"};
  };
  CHECK(path("/a%2Fb?c") == "/a/b");
  CHECK(path("HTTP://host:80?x") == "/");
  CHECK(path("https://host/a") == "/a");
  CHECK(path("*") == "*");
  for (auto text : {"", "a", "http://", "http:///a", "/%", "/%1", "/%g0", "/a#b", "host:80"})
    CHECK(path(text) == "none");
  CHECK(thumbnails::parse_target("/?a=1&width=%32%30&width=3")->value_of("width") == "20");
  CHECK_FALSE(thumbnails::parse_target("/?widths=1&b")->value_of("width"));
}
