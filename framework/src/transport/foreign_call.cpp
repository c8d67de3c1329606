#include "bulkhead/transport/foreign_call.hpp"

#include <boost/core/demangle.hpp>

#include <cxxabi.h>
#include <cstdio>
#include <exception>

namespace bulkhead::transport {

std::string thrown_type() {
  auto type = abi::__cxa_current_exception_type();
  return type != nullptr ? boost::core::demangle(type->name()) : "an exception without a type";
}

std::string thrown_text() {
  try {
    throw;
  } catch (const std::exception& thrown) {
    if (auto text = thrown.what(); text != nullptr && *text != '\0')
      return text;
  } catch (...) {
    // Its type is all there is to say.
  }
  return thrown_type();
}

void report_thrown(const char* function) noexcept {
  try {
    std::fprintf(stderr, "bulkhead: %s threw: %s\n", function, thrown_text().c_str());
  } catch (...) {
    std::fprintf(stderr, "bulkhead: %s threw\n", function);
  }
}

} // namespace bulkhead::transport
