#pragma once

#include "support/stage.hpp"

#include <cstdint>
#include <string>
#include <vector>

// Functions for workers, some with a bad habit.
namespace tasks {

int32_t square(int32_t x);

int32_t process_id();

/// Aborts the worker.
int32_t crash(int32_t x);

/// Aborts the worker unless a file exists; makes that file first.
int32_t crash_once(const std::string& path);

/// Holds the worker up until the gate at `path` is open; then `x`.
int32_t wait_at(const std::string& path, int32_t x);

/// Writes one octet to the file at `path`, then never ends.
void hang(const std::string& path);

/// Appends one octet to the file at `path`.
void leave_trace(const std::string& path);

int32_t throw_out_of_range(int32_t x);

} // namespace tasks

namespace test_support {

/// A path for a file that does not exist yet and goes with the object.
class scratch_file {
public:
  scratch_file();
  ~scratch_file();
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;

  [[nodiscard]] const std::string& path() const noexcept {
    return path_;
  }
  [[nodiscard]] bool exists() const;

  /// 0 if it does not exist.
  [[nodiscard]] size_t size() const;

private:
  std::string path_;
};

} // namespace test_support
