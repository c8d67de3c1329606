// Catches a stack that hides the application's own frames, and a name that is cut in the wrong place.
#include "bulkhead/transport/stack_text.hpp"

#include <catch2/catch.hpp>

using bulkhead::crash_site, bulkhead::death_certificate, bulkhead::describe_stack, bulkhead::short_function_name,
  bulkhead::stack_frame;

namespace {

stack_frame in_program(std::string function, std::string source = "") {
  return {std::move(function), std::move(source), "/usr/bin/app", 0x10};
}

} // namespace

TEST_CASE("names of functions are shortened to what people call them") {
  struct sample {
    const char* demangled;
    const char* name;
  };
  constexpr sample samples[] = {
    {"decode", "decode"},
    {"decode(int)", "decode"},
    {"app::decode(std::vector<int, std::allocator<int> > const&, void (*)(int))", "app::decode"},
    {"bool app::decode<int>(int)", "app::decode"},
    {"std::pair<int, int> const& app::box<int>::get(int) const", "app::box::get"},
    {"app::(anonymous namespace)::decode(int)", "app::decode"},
    {"app::decoder(caf::event_based_actor*)::{lambda(bulkhead::bytes const&, unsigned "
     "int)#1}::operator()(bulkhead::bytes "
     "const&, unsigned int) const",
     "app::decoder::{lambda}"},
    {"app::row::operator()(int) const", "app::row::operator()"},
    {"app::operator<<(std::ostream&, app::row const&)", "app::operator<<"},
    {"bool app::operator< <int>(app::row<int> const&)", "app::operator< <int>"},
    {"app::row::operator bool() const", "app::row::operator bool"},
    {"operator new(unsigned long)", "operator new"},
    {"app::text[abi:cxx11](int)", "app::text"},
    {"app::decode(int) [clone .cold]", "app::decode"},
    {"non-virtual thunk to app::row::read()", "app::row::read"},
    {"decltype (f({parm#1})) app::call<int (*)(int)>(int (*&&)(int))", "app::call"},
    {"int app::call<&app::table::operator->>()", "app::call"},
    {"(anonymous namespace)::", "(anonymous namespace)::"},
    {"app::cut_off<std::vector<int, std::...", "app::cut_off"},
    {"", ""},
  };
  for (auto& x : samples) {
    INFO(x.demangled);
    CHECK(short_function_name(x.demangled) == x.name);
  }
}

TEST_CASE("any bytes can be shortened") {
  const std::string alphabet = "a:<>(){}[] -&o";
  uint32_t state = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (int i = 0; i < 40; ++i)
      text += alphabet[(state = state * 1664525 + 1013904223) / 65536 % alphabet.size()];
    CHECK(short_function_name(text).size() <= text.size());
  }
}

TEST_CASE("a stack shows the application's frames and counts the others") {
  std::vector<stack_frame> stack{
    {"raise", "", "/lib/x86_64-linux-gnu/libc.so.6", 0x1},
    {"", "", "/usr/lib/libjpeg.so.62", 0x2},
    in_program("app::decode(int)", "decode.cpp:17"),
    in_program("decltype(auto) std::__invoke<int>(int)"),
    in_program("app::decoder(caf::event_based_actor*)::{lambda(int)#1}::operator()(int) const"),
    in_program("apply_args", "caf/detail/apply_args.hpp:22"),
    in_program("bool caf::detail::call()"),
    in_program("bulkhead::runtime::run()"),
    in_program("main"),
  };
  CHECK(describe_stack(stack)
        == std::vector<std::string>{"#1 ? (libjpeg.so.62+0x2)", "#2 app::decode (decode.cpp:17)",
                                    "#4 app::decoder::{lambda} (app+0x10)", "... 6 frames of the runtime"});
  death_certificate what;
  what.stack = stack;
  CHECK(crash_site(what) == "app::decode (decode.cpp:17)");
}

TEST_CASE("a stack of the runtime alone is shown whole, and has no site") {
  death_certificate what;
  what.stack = {in_program("std::terminate()"), in_program("bulkhead::runtime::run()")};
  CHECK(describe_stack(what.stack)
        == std::vector<std::string>{"#0 std::terminate (app+0x10)", "#1 bulkhead::runtime::run (app+0x10)"});
  CHECK(crash_site(what).empty());
}

TEST_CASE("the site of a crash in a foreign library alone is there") {
  death_certificate what;
  what.stack = {{"", "", "/usr/lib/libjpeg.so.62", 0x2}, {"jpeg_read", "", "/usr/lib/libjpeg.so.62", 0x3}};
  CHECK(crash_site(what) == "jpeg_read (libjpeg.so.62+0x3)");
  what.stack.clear();
  CHECK(crash_site(what).empty());
}
