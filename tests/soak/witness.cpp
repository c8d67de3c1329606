#include "witness.hpp"

#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace soak {

namespace {

constexpr auto variable = "BULKHEAD_SOAK_WITNESS";

std::string path() {
  auto result = std::getenv(variable);
  if (result == nullptr)
    throw std::runtime_error{"a worker of the soak test has no witness"};
  return result;
}

} // namespace

void witness::set_up() {
  auto name = (std::filesystem::temp_directory_path() / "bulkhead-soak-XXXXXX").string();
  auto file = ::mkstemp(name.data());
  if (file < 0)
    throw std::runtime_error{"no file for the witness"};
  ::close(file);
  std::filesystem::resize_file(name, sizeof(witness)); // zeros
  ::setenv(variable, name.c_str(), 1);
}

void witness::remove() {
  std::filesystem::remove(path());
}

witness& witness::here() {
  using namespace boost::interprocess;
  static const mapped_region region{file_mapping{path().c_str(), read_write}, read_write};
  return *static_cast<witness*>(region.get_address());
}

} // namespace soak
