#pragma once

#include "bulkhead/transport/death_certificate.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace bulkhead {

/// A demangled name as people say it: without return type, parameters, template arguments and anonymous namespaces.
/// "bool app::(anonymous namespace)::decode<int>(int)::{lambda(int)#1}::operator()(int) const" is "app::decode::{lambda}".
[[nodiscard]] std::string short_function_name(std::string_view demangled);

/// Whether a frame belongs to what Bulkhead runs on and not to the application: CAF, Boost, the C and C++ libraries, Bulkhead.
[[nodiscard]] bool is_runtime_frame(const stack_frame& frame);

/// One frame as "app::decode (decode.cpp:17)", or with file and offset if the source is not known.
[[nodiscard]] std::string describe(const stack_frame& frame);

/// A line per frame of the application, innermost first, with its number in the whole stack, and a last line that counts the
/// frames of the runtime. A stack of the runtime alone is described whole.
[[nodiscard]] std::vector<std::string> describe_stack(const std::vector<stack_frame>& stack);

} // namespace bulkhead
