#pragma once

#include "bulkhead/platform/os_error.hpp"
#include "bulkhead/platform/unique_fd.hpp"

namespace bulkhead::platform {

/// Opens the device that swallows what is written and is empty to read; closed on exec.
[[nodiscard]] result<unique_fd> open_null();

} // namespace bulkhead::platform
