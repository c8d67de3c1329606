#pragma once

#include "bulkhead/platform/os_error.hpp"

#include <boost/interprocess/mapped_region.hpp>

#include <cstddef>
#include <utility>

namespace bulkhead::platform {

/// Memory of a file that this process sees at an address.
///
/// Thread safety: as a plain value; what lies in the memory is the business of its users. Lifetime: the address
/// is valid until destruction and stays the same when the object is moved; the file may be closed before.
class mapping {
public:
  /// What this process may do with the memory.
  enum class access { read, read_write };

  /// Maps nothing: `data()` is null, `size()` is 0.
  mapping() noexcept = default;

  /// Maps the first `bytes` of `fd`, shared with every other process that maps it.
  /// @returns the error of mmap: EPERM or EACCES when a seal or the descriptor forbids `wanted`, ENOMEM, EINVAL if
  ///          `bytes` is 0.
  [[nodiscard]] static result<mapping> create(int fd, size_t bytes, access wanted);

  /// First byte. Writing to a mapping with `access::read` ends the process with SIGSEGV.
  [[nodiscard]] std::byte* data() const noexcept {
    return static_cast<std::byte*>(region_.get_address());
  }

  /// Size in bytes, as given to `create`.
  [[nodiscard]] size_t size() const noexcept {
    return region_.get_size();
  }

private:
  explicit mapping(boost::interprocess::mapped_region region) noexcept : region_(std::move(region)) {}

  boost::interprocess::mapped_region region_;
};

} // namespace bulkhead::platform
