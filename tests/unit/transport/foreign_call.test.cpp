#include <catch2/catch.hpp>

#include <bulkhead/transport/foreign_call.hpp>

#include <stdexcept>
#include <string>

using namespace bulkhead::transport;

namespace {

struct silent : std::exception {
  [[nodiscard]] const char* what() const noexcept override {
    return nullptr;
  }
};

template <class T>
std::string text_of(const T& thrown) {
  try {
    throw thrown;
  } catch (...) {
    return thrown_text();
  }
}

} // namespace

TEST_CASE("whatever is thrown has a text") {
  CHECK(text_of(std::runtime_error{"broken"}) == "broken");
  CHECK(text_of(std::runtime_error{""}) == "std::runtime_error");
  CHECK(text_of(silent{}).find("silent") != std::string::npos);
  CHECK(text_of(7) == "int");
}

TEST_CASE("a function that throws ends its own call only") {
  int calls = 0;
  call_foreign(
    "a test", [&](int x) { calls += x; }, 2);
  call_foreign("a test", [&] {
    ++calls;
    throw silent{};
  });
  CHECK(calls == 3);
}
