#include "bulkhead/platform/kernel_features.hpp"

#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/this_process.hpp"

#include <cerrno>
#include <limits>

#include <sys/syscall.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

std::string lacking(const char* feature, const char* since, const os_error& error) {
  return std::string{"Bulkhead needs "} + feature
         + ", which this system does not have or does not permit (it is in Linux " + since + " and later; "
         + error.message() + ")";
}

/// Not one that may be there tomorrow: a lack of descriptors or memory is for the call that needs them to tell.
bool is_missing(const os_error& error) noexcept {
  return error.number == ENOSYS || error.number == EPERM || error.number == EACCES || error.number == EINVAL;
}

std::optional<std::string> look_for_memory() {
  auto file = memory_file::create("bulkhead-probe", 4096);
  if (!file && is_missing(file.error()))
    return lacking("memfds with seals", "3.17", file.error());
  if (file)
    if (auto sealed = file->forbid_new_writers(); !sealed && is_missing(sealed.error()))
      return lacking("the seal F_SEAL_FUTURE_WRITE", "5.1", sealed.error());
  return std::nullopt;
}

std::optional<std::string> look_for_processes() {
  if (auto self = own_pidfd(); !self && is_missing(self.error()))
    return lacking("pidfds", "5.3", self.error());
  constexpr auto no_descriptor = std::numeric_limits<unsigned>::max();
  if (::syscall(SYS_close_range, no_descriptor, no_descriptor, 0) != 0)
    return lacking("close_range", "5.9", last_error("close_range"));
  return std::nullopt;
}

} // namespace

std::optional<std::string> missing_memory_feature() {
  static const auto missing = look_for_memory();
  return missing;
}

std::optional<std::string> missing_kernel_feature() {
  static const auto missing = look_for_processes();
  auto first = missing_memory_feature();
  return first ? first : missing;
}

} // namespace bulkhead::platform
