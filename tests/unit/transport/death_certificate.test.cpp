// Catches a certificate that loses a part on its way, and text of a dead process that breaks a log or a file.
#include "support/types.hpp"

#include <catch2/catch.hpp>

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/json_reader.hpp>

#include <sstream>

using namespace bulkhead;

namespace {

death_certificate sample() {
  death_certificate result;
  result.death = {2, 3, 4711, death_cause::signaled, 11, true, "killed by signal 11 (SIGSEGV)"};
  result.at_unix_ms = 1'800'000'000'000;
  result.uptime_ms = 3250;
  result.roots = {"decoder", "scaler"};
  result.meaning = "SIGSEGV, segmentation fault: address not mapped";
  result.address = 0x40;
  result.core_dumped = true;
  result.limit = "memory_bytes_max";
  result.limit_value = 1024;
  result.exception_type = "std::runtime_error";
  result.exception_text = "no such row";
  result.thread = "bulkhead.loop";
  result.stack = {{"decode(int)", "decode.cpp:17", "/usr/bin/app", 0x1234},
                  {"caf::resumable::resume()", "", "/usr/bin/app", 0x1300},
                  {"", "", "", 0x99}};
  result.handling = {{"(std::string)", 12, 3, 0, 5, 17}};
  result.messages_handled = 42;
  result.user_time_us = 1'500'000;
  result.memory_peak_bytes = uint64_t{64} << 20;
  result.last_lines = {"bad row", "giving up"};
  result.events = {{worker_event_kind::mark, 12, "row 1", {}},
                   {worker_event_kind::handling, 3, "", result.handling[0]}};
  return result;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in{text};
  std::vector<std::string> result;
  for (std::string line; std::getline(in, line);)
    result.push_back(line);
  return result;
}

} // namespace

TEST_CASE("the readable form of a certificate has all that is known") {
  CHECK(lines_of(describe(sample()))
        == std::vector<std::string>{
          "worker 2.3 (pid 4711) was killed by signal 11 (SIGSEGV), after 3.25 s",
          "  SIGSEGV, segmentation fault: address not mapped (0x40)",
          "  a core was dumped",
          "  limit: memory_bytes_max = 1024",
          "  uncaught exception: std::runtime_error: no such row",
          "  actors: decoder, scaler",
          "  while it handled (std::string) from actor 12 of the host to actor 3, request 5, 17 bytes",
          "  stack of thread bulkhead.loop:",
          "    #0 decode (decode.cpp:17)",
          "    #2 ? (0x99)",
          "    ... 1 frame of the runtime",
          "  used: 1.50 s of CPU, 64.0 MiB of memory at most; handled 42 messages",
          "  last lines of standard error:",
          "    bad row",
          "    giving up",
          "  last events:",
          "    12 ms before: mark: row 1",
          "    3 ms before: handling (std::string) from actor 12 of the host to actor 3, request 5, 17 bytes",
        });
}

TEST_CASE("a certificate of which little is known is short") {
  death_certificate what;
  what.death = {0, 1, 17, death_cause::exited, 3, false, ""};
  CHECK(lines_of(describe(what))
        == std::vector<std::string>{"worker 0.1 (pid 17) exited with code 3, after 0.00 s",
                                    "  used: 0.00 s of CPU; handled 0 messages"});
}

TEST_CASE("a certificate is the same after it was a message or JSON") {
  auto what = sample();
  what.last_lines = {"quotes \" and \\ and\ttabs", "\xc3\xbc"};
  caf::byte_buffer bytes;
  caf::binary_serializer sink{nullptr, bytes};
  REQUIRE(sink.apply(what));
  death_certificate from_message;
  caf::binary_deserializer source{nullptr, bytes};
  REQUIRE(source.apply(from_message));
  death_certificate from_json;
  caf::json_reader reader;
  REQUIRE(reader.load(to_json(what)));
  REQUIRE(reader.apply(from_json));
  CHECK(caf::deep_to_string(from_message) == caf::deep_to_string(what));
  CHECK(caf::deep_to_string(from_json) == caf::deep_to_string(what));
}

TEST_CASE("text of a dead process is made printable") {
  CHECK(printable("plain \xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80", 100)
        == "plain \xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80");
  CHECK(printable(std::string_view{"a\0b\x1b[31m\n\x7f", 10}, 100) == "a?b?[31m??");
  CHECK(printable("\xff\xc3(\xe2\x82\xed\xa0\x80\xc0\x80", 100)
        == "?"
           "?"
           "("
             + std::string(7, '?'));
  CHECK(printable("tab\tstays", 100) == "tab\tstays");
  CHECK(printable("1234567890", 4) == "1234");
  CHECK(printable("123\xc3\xbc", 4) == "123");
  CHECK(printable("", 4).empty());
}

TEST_CASE("a certificate is no abnormal one if the end was planned") {
  auto what = sample();
  CHECK(is_abnormal(what));
  what.ordered = true;
  CHECK_FALSE(is_abnormal(what));
  what.ordered = false;
  what.death.cause = death_cause::recycled;
  CHECK_FALSE(is_abnormal(what));
}
