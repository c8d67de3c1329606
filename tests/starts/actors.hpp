#pragma once

#include "support/stage.hpp"

#include <bulkhead/bulkhead.hpp>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

namespace starts {

// The heavy actors of these tests:
//   "quitter"    its arguments: how it quits ("normal", "shutdown" or "error"), and whether it does so in its own function ("now") or
//                when it gets its first message ("first turn"), which it sends itself
//   "steady"     get_atom: the number of its process
//   "nester"     get_atom: what the host, a pool, a worker and an executor say to one who wants them in a worker

/// What `host` logs, and the certificates that it publishes.
class death_log {
public:
  explicit death_log(test_support::host_fixture& here);

  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] std::vector<bulkhead::death_certificate> certificates() const;

private:
  struct shared {
    mutable std::mutex mutex;
    std::vector<std::string> lines;
    std::vector<bulkhead::death_certificate> certificates;
  };

  std::shared_ptr<shared> all_ = std::make_shared<shared>();
  caf::actor listener_;
};

/// A file in the folder for temporary ones that goes with this object.
class scratch_file {
public:
  scratch_file();
  ~scratch_file();
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;

  [[nodiscard]] const std::string& path() const noexcept {
    return path_;
  }
  /// 0 if there is none.
  [[nodiscard]] size_t size() const;

private:
  std::string path_;
};

/// Adds one octet.
void leave_a_mark(const std::string& path);

/// Returns at the first call for this path, waits at all others.
void hang_unless_first(const std::string& path);

/// Waits until its process is killed.
void hang();

[[noreturn]] void fail();

std::string child_program(std::string_view name);

} // namespace starts
