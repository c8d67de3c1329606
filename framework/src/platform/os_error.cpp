#include "bulkhead/platform/os_error.hpp"

#include <boost/system/system_category.hpp>

#include <cerrno>
#include <ostream>
#include <string_view>
#include <system_error>

namespace bulkhead::platform {

std::string os_error::message() const {
  // Boost's category and not std::strerror, which is not safe with threads.
  return std::string{call} + ": " + boost::system::system_category().message(number);
}

bool operator==(const os_error& left, const os_error& right) noexcept {
  return left.number == right.number && std::string_view{left.call} == right.call;
}

std::ostream& operator<<(std::ostream& stream, const os_error& error) {
  return stream << error.message();
}

os_error last_error(const char* call) noexcept {
  return {errno, call};
}

void throw_exception_from_error(const os_error& error, const boost::source_location& location) {
  boost::throw_with_location(std::system_error{error.number, std::system_category(), error.call}, location);
}

} // namespace bulkhead::platform
