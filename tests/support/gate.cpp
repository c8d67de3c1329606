#include "support/stage.hpp"

#include <fstream>
#include <random>

namespace test_support {

gate::gate() {
  std::random_device source;
  auto name = "bulkhead_gate_" + std::to_string(source()) + "_" + std::to_string(source());
  path_ = std::filesystem::temp_directory_path() / name;
}

gate::~gate() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void gate::open() const {
  std::ofstream{path_} << "open";
}

bool gate::wait_for(const std::string& path) {
  return eventually([&] { return std::filesystem::exists(path); });
}

} // namespace test_support
