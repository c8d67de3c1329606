#include "bulkhead/transport/stack_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace bulkhead {

namespace {

constexpr std::string_view anonymous = "(anonymous namespace)::";
constexpr std::string_view call_operator = "::operator()";

/// @returns the position behind what closes the bracket at `from`, or the end.
size_t behind_bracket(std::string_view text, size_t from) {
  size_t depth = 0;
  for (auto i = from; i < text.size(); ++i) {
    auto arrow = text[i] == '>' && i > 0 && text[i - 1] == '-';
    if (std::string_view{"(<{["}.find(text[i]) != text.npos)
      ++depth;
    else if (std::string_view{")>}]"}.find(text[i]) != text.npos && !arrow && --depth == 0)
      return i + 1;
  }
  return text.size();
}

/// @returns the position behind the operator's name that begins at `from`; `from` if none does.
size_t behind_operator(std::string_view text, size_t from) {
  constexpr std::string_view word = "operator";
  auto before = from == 0 ? ':' : text[from - 1];
  if (!text.substr(from).starts_with(word) || (before != ':' && before != ' '))
    return from;
  auto end = from + word.size();
  if (text.substr(end).starts_with("()"))
    return end + 2;
  if (auto paren = text.find('(', end); paren != text.npos) // operator<, operator bool, operator new
    return std::max(paren, end);
  return text.size();
}

/// Whether only qualifiers follow the parameters: "const", "[clone .cold]".
bool is_all_qualifiers(std::string_view rest) {
  auto is_one =
    rest.starts_with("const") || rest.starts_with("volatile") || rest.starts_with("[clone") || rest.starts_with("&");
  return is_one && rest.find('(') == rest.npos;
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string place_of(const stack_frame& frame) {
  if (!frame.source.empty())
    return frame.source;
  char offset[24];
  std::snprintf(offset, sizeof offset, "0x%llx", static_cast<unsigned long long>(frame.offset));
  return frame.module.empty() ? offset : std::string{file_name(frame.module)} + "+" + offset;
}

} // namespace

std::string short_function_name(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    if (auto end = behind_operator(text, i); end != i) {
      result += text.substr(i, end - i);
      i = end;
    } else if (text.substr(i).starts_with(anonymous)) {
      i += anonymous.size();
    } else if (text.substr(i).starts_with("{lambda")) {
      result += "{lambda}";
      i = behind_bracket(text, i);
    } else if (text[i] == '<' || text[i] == '(' || text[i] == '[') {
      i = behind_bracket(text, i);
    } else if (text[i] == ' ') {
      if (is_all_qualifiers(text.substr(i + 1)))
        break;
      result.clear(); // what stood before is the type of the result
      ++i;
    } else {
      result += text[i++];
    }
  }
  if (result.ends_with("{lambda}" + std::string{call_operator}))
    result.resize(result.size() - call_operator.size());
  return result.empty() ? std::string{text} : result;
}

bool is_runtime_frame(const stack_frame& frame) {
  constexpr std::array<std::string_view, 5> namespaces{"bulkhead::", "caf::", "boost::", "std::", "__gnu_cxx::"};
  constexpr std::array<std::string_view, 4> folders{"bulkhead/", "caf/", "boost/", "c++/"};
  constexpr std::array<std::string_view, 6> libraries{"libc.so",      "libstdc++.so", "libgcc_s.so",
                                                      "ld-linux-x86", "libasan.so",   "libubsan.so"};
  constexpr std::array<std::string_view, 3> starts{"_start", "main", "_init"};
  auto file = file_name(frame.module);
  auto begins = [](std::string_view text) { return [text](std::string_view x) { return text.starts_with(x); }; };
  if (std::any_of(libraries.begin(), libraries.end(), begins(file)))
    return true;
  // Functions that the compiler put into others may have names without namespaces.
  if (std::any_of(folders.begin(), folders.end(), begins(frame.source)))
    return true;
  auto name = short_function_name(frame.function);
  return std::any_of(namespaces.begin(), namespaces.end(), begins(name))
         || std::find(starts.begin(), starts.end(), name) != starts.end();
}

std::string describe(const stack_frame& frame) {
  auto name = frame.function.empty() ? "?" : short_function_name(frame.function);
  return name + " (" + place_of(frame) + ")";
}

std::vector<std::string> describe_stack(const std::vector<stack_frame>& stack) {
  std::vector<std::string> own, all;
  for (size_t i = 0; i < stack.size(); ++i) {
    all.push_back("#" + std::to_string(i) + " " + describe(stack[i]));
    if (!is_runtime_frame(stack[i]))
      own.push_back(all.back());
  }
  if (own.empty())
    return all;
  if (auto folded = all.size() - own.size(); folded > 0)
    own.push_back("... " + std::to_string(folded) + (folded == 1 ? " frame" : " frames") + " of the runtime");
  return own;
}

} // namespace bulkhead
