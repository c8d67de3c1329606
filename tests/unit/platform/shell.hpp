#pragma once

#include "bulkhead/platform/exit_status.hpp"
#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/platform/process.hpp"
#include "bulkhead/platform/socket_pair.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <unistd.h>

namespace bulkhead::platform::testing {

/// No wait of these tests takes longer; one that does has failed.
constexpr std::chrono::seconds patience{20};

/// Ends the test program if the test does not end by itself.
struct watchdog {
  watchdog() {
    ::alarm(60);
  }
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;
  ~watchdog() {
    ::alarm(0);
  }
};

/// Everything that arrives at `fd` until its end, or until nothing arrives any more.
inline std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    auto ready = wait_readable(fd, patience);
    if (!ready || !*ready)
      return text + "<no end>";
    auto count = read_some(fd, buffer);
    if (!count || *count == 0)
      return text;
    text.append(buffer.data(), *count);
  }
}

inline process_spec shell(std::string script) {
  process_spec spec;
  spec.program = "/bin/sh";
  spec.arguments = {"sh", "-c", std::move(script)};
  return spec;
}

struct shell_outcome {
  std::string output;
  std::optional<exit_status> status;
};

/// Runs `spec` to its end, with a pipe as standard output.
inline result<shell_outcome> run(process_spec spec) {
  auto output = pipe_pair::create();
  if (!output)
    return output.error();
  spec.passed.push_back({output->write_end.get(), 1});
  auto child = process::start(spec);
  if (!child)
    return child.error();
  output->write_end.reset();
  auto text = read_all(output->read_end.get());
  return shell_outcome{std::move(text), child->reap_within(patience)};
}

} // namespace bulkhead::platform::testing
