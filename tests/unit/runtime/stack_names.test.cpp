// Catches an answer of the helper, true or not, that names the wrong place or brings the host down; and a helper that nobody ends.
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/naming_helper.hpp"
#include "bulkhead/runtime/stack_names.hpp"
#include "bulkhead/transport/death_certificate.hpp"

#include "support/fixture.hpp"

#include <catch2/catch.hpp>

#include <random>

#include <sys/stat.h>
#include <unistd.h>

using namespace bulkhead;
using namespace bulkhead::runtime;
using namespace std::chrono_literals;

TEST_CASE("a question and its answer are read as they were written") {
  name_question asked{"N3app1xE", {{"/a b/c", 0x12}, {"/d", ~uint64_t{0} - 1}}};
  auto read = read_question(write_question(asked));
  CHECK(read.exception_type == asked.exception_type);
  REQUIRE(read.places.size() == 2);
  CHECK(read.places[0].module == "/a b/c");
  CHECK(read.places[0].offset == 0x12);
  CHECK(read.places[1].offset == ~uint64_t{0} - 1);
  auto text = write_function(1, "f(int)") + write_position(1, {"", "a.cpp:1"}) + write_position(0, {"g()", "b.cpp:2"})
              + write_exception("app::x");
  auto answer = read_answer(text, 2);
  CHECK(answer.exception_type == "app::x");
  CHECK(answer.places[1].function == "f(int)");
  REQUIRE(answer.places[1].positions.size() == 1);
  CHECK(answer.places[1].positions[0].source == "a.cpp:1");
  CHECK(answer.places[0].positions[0].function == "g()");
  CHECK_FALSE(answer.missing.empty());
  CHECK(read_answer(text + write_end(), 2).missing.empty());
}

TEST_CASE("an answer may be any bytes") {
  std::minstd_rand random{3};
  const std::string octets = "tfpe 0123456789\t\n\x1b\xff";
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto i = random() % 400; i > 0; --i)
      text += octets[random() % octets.size()];
    auto answer = read_answer(text, 3);
    REQUIRE(answer.places.size() == 3);
    for (auto& x : answer.places) {
      CHECK(x.positions.size() <= 16);
      CHECK(printable(x.function, x.function.size()) == x.function);
    }
  }
  CHECK(read_answer("f 99999999999999999999999 x\nf 3 x\nf -1 x\nf x x\np\nf\n", 3).places.size() == 3);
}

TEST_CASE("a helper finds the functions of this program, and is gone then") {
  auto children = test_support::count_children();
  naming_helper helper{platform::environment()};
  auto answer = helper.ask({"St4pairIiiE", {{"/proc/self/exe", 0}, {"/no/such/file", 1}}}, 30s);
  CHECK(answer.missing.empty());
  CHECK(answer.exception_type == "std::pair<int, int>");
  REQUIRE(answer.places.size() == 2);
  CHECK(answer.places[1].function.empty());
  CHECK(test_support::count_children() == children);
}

TEST_CASE("a helper that is late is killed, and that is told") {
  auto children = test_support::count_children();
  naming_helper helper{platform::environment()};
  auto answer = helper.ask({"", {{"/proc/self/exe", 0}}}, 0ms);
  CHECK(answer.missing.find("was killed after 0 ms") != std::string::npos);
  CHECK(answer.places.size() == 1);
  CHECK(test_support::count_children() == children);
}

TEST_CASE("files that are none of a program cost the helper nothing") {
  naming_helper helper{platform::environment()};
  auto pipe = "/tmp/bulkhead-names-" + std::to_string(::getpid());
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  auto answer = helper.ask({"", {{pipe, 1}, {"/dev/zero", 1}, {"/proc/self/mem", 1}, {"/tmp", 1}}}, 30s);
  ::unlink(pipe.c_str());
  CHECK(answer.missing.empty());
  for (auto& x : answer.places)
    CHECK(x.function.empty());
}
