#include "tasks.hpp"

#include <cstdlib>
#include <fstream>
#include <random>
#include <stdexcept>

#include <unistd.h>

namespace tasks {

int32_t square(int32_t x) {
  return x * x;
}

int32_t process_id() {
  return ::getpid();
}

int32_t crash(int32_t) {
  std::abort();
}

int32_t crash_once(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    std::ofstream{path} << "1";
    std::abort();
  }
  return 1;
}

int32_t wait_at(const std::string& path, int32_t x) {
  return test_support::gate::wait_for(path) ? x : -1;
}

void hang(const std::string& path) {
  std::ofstream{path} << "1";
  for (;;)
    ::pause();
}

void leave_trace(const std::string& path) {
  std::ofstream{path, std::ios::app} << "1";
}

int32_t throw_out_of_range(int32_t x) {
  throw std::out_of_range{"no " + std::to_string(x)};
}

} // namespace tasks

namespace test_support {

scratch_file::scratch_file() {
  std::random_device source;
  path_ = std::filesystem::temp_directory_path()
          / ("bulkhead_scratch_" + std::to_string(source()) + std::to_string(source()));
}

scratch_file::~scratch_file() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

bool scratch_file::exists() const {
  return std::filesystem::exists(path_);
}

size_t scratch_file::size() const {
  std::error_code missing;
  auto result = std::filesystem::file_size(path_, missing);
  return missing ? 0 : static_cast<size_t>(result);
}

} // namespace test_support
