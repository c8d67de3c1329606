#include "bulkhead/platform/plain_name.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace bulkhead::platform {

namespace {

constexpr size_t mangled_bytes_max = 512;

// Of the Itanium C++ ABI, as far as people meet them.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> whole_names{{
  {"b", "bool"},
  {"c", "char"},
  {"a", "signed char"},
  {"h", "unsigned char"},
  {"s", "short"},
  {"t", "unsigned short"},
  {"i", "int"},
  {"j", "unsigned int"},
  {"l", "long"},
  {"m", "unsigned long"},
  {"f", "float"},
  {"d", "double"},
  {"PKc", "char const*"},
  {"NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE", "std::string"},
}};

/// Takes "3app" off the start of `text`.
/// @returns an empty view if no such part stands there.
std::string_view take_part(std::string_view& text) {
  size_t digits = 0;
  size_t size = 0;
  for (; digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9'; ++digits)
    size = size * 10 + static_cast<size_t>(text[digits] - '0');
  if (size == 0 || size > text.size() - digits)
    return {};
  auto result = text.substr(digits, size);
  text.remove_prefix(digits + size);
  return result;
}

} // namespace

std::string plain_name(std::string_view mangled) {
  for (auto& [from, to] : whole_names)
    if (mangled == from)
      return std::string{to};
  auto rest = mangled.substr(0, mangled_bytes_max);
  auto nested = rest.starts_with('N') && rest.ends_with('E');
  if (nested)
    rest = rest.substr(1, rest.size() - 2);
  std::string result;
  if (rest.starts_with("St")) {
    result = "std";
    rest.remove_prefix(2);
  }
  while (!rest.empty()) {
    auto part = take_part(rest);
    if (part.empty())
      return std::string{mangled};
    result +=
      (result.empty() ? "" : "::") + std::string{part.starts_with("_GLOBAL__N_") ? "(anonymous namespace)" : part};
  }
  return result.empty() || result == "std" ? std::string{mangled} : result;
}

} // namespace bulkhead::platform
