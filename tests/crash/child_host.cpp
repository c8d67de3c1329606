#include "crash/child_host.hpp"

#include <catch2/catch.hpp>

#include <bulkhead/platform/null_device.hpp>
#include <bulkhead/platform/pipe.hpp>
#include <bulkhead/platform/socket_pair.hpp>
#include <bulkhead/platform/this_process.hpp>

#include <array>
#include <utility>

namespace crash {

namespace platform = bulkhead::platform;

child_host start_child_host(const std::string& name, const std::vector<std::string>& more_environment) {
  auto pipe = platform::pipe_pair::create();
  auto null = platform::open_null();
  REQUIRE((pipe.has_value() && null.has_value()));
  platform::process_spec spec;
  spec.program = child_program(name);
  spec.arguments = {name};
  spec.environment = platform::environment();
  spec.environment.insert(spec.environment.end(), more_environment.begin(), more_environment.end());
  spec.passed = {{null->get(), 0}, {pipe->write_end.get(), 1}, {null->get(), 2}};
  auto process = platform::process::start(spec);
  REQUIRE(process.has_value());
  return {std::move(*process), std::move(pipe->read_end)};
}

std::string read_output(child_host& from, std::string_view mark) {
  std::string text;
  while (mark.empty() || text.find(mark) == std::string::npos) {
    INFO(text);
    auto readable = platform::wait_readable(from.output.get(), test_support::patience);
    REQUIRE((readable && *readable));
    std::array<char, 4096> buffer;
    auto count = platform::read_some(from.output.get(), buffer);
    REQUIRE(count);
    if (*count == 0) {
      REQUIRE(mark.empty()); // it ended too early
      break;
    }
    text.append(buffer.data(), *count);
  }
  return text;
}

} // namespace crash
