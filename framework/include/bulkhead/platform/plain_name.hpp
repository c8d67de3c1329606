#pragma once

#include <string>
#include <string_view>

namespace bulkhead::platform {

/// The readable form of a mangled name that another process may have made up: "app::parse_error" for "N3app11parse_errorE". Only plain
/// names, with their scopes, are read. Any other one stays as it is, because the library's demangler can take time and memory without
/// bound for a few hundred bytes.
[[nodiscard]] std::string plain_name(std::string_view mangled);

} // namespace bulkhead::platform
