#include "bulkhead/transport/death_certificate.hpp"

#include "bulkhead/transport/stack_text.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/json_writer.hpp>

#include <algorithm>
#include <cstdio>

namespace bulkhead {

namespace {

constexpr size_t events_described_max = 16;

/// How many octets the UTF-8 character at the start of `text` has; 0 if there is none.
size_t character_size(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80)
    return 1;
  size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || size > text.size())
    return 0;
  auto second = static_cast<unsigned char>(text[1]);
  auto overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  auto impossible = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  auto continues = [](char x) { return (static_cast<unsigned char>(x) & 0xc0) == 0x80; };
  return !overlong && !impossible
             && std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(size), continues)
           ? size
           : 0;
}

std::string with_unit(double value, const char* unit) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f %s", value < 10 ? 2 : 1, value, unit);
  return text;
}

std::string in_seconds(uint64_t microseconds) {
  return with_unit(static_cast<double>(microseconds) / 1e6, "s");
}

std::string in_mebibytes(uint64_t bytes) {
  return with_unit(static_cast<double>(bytes) / (1 << 20), "MiB");
}

std::string hexadecimal(uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

std::string joined(const std::vector<std::string>& all) {
  std::string result;
  for (auto& x : all)
    result += (result.empty() ? "" : ", ") + x;
  return result;
}

void describe_cause(const death_certificate& what, std::string& to) {
  if (!what.meaning.empty())
    to += "\n  " + what.meaning + (what.address != 0 ? " (" + hexadecimal(what.address) + ")" : "");
  if (what.core_dumped)
    to += "\n  a core was dumped";
  if (what.limit == "kernel")
    to += "\n  the kernel killed it because memory ran out";
  else if (!what.limit.empty())
    to += "\n  limit: " + what.limit + " = " + std::to_string(what.limit_value);
  if (!what.exception_type.empty())
    to += "\n  uncaught exception: " + what.exception_type
          + (what.exception_text.empty() ? "" : ": " + what.exception_text);
}

/// What makes a terminal do something: controls of ASCII and of ISO 6429, and those that turn the direction of the text.
bool is_control(std::string_view character) {
  if (character.size() == 1)
    return (character[0] >= 0 && character[0] < ' ' && character[0] != '\t') || character[0] == 0x7f;
  if (character.size() == 2)
    return character >= "\xc2\x80" && character <= "\xc2\x9f";
  return (character >= "\xe2\x80\xa8" && character <= "\xe2\x80\xae")
         || (character >= "\xe2\x81\xa6" && character <= "\xe2\x81\xa9");
}

} // namespace

std::string printable(std::string_view text, size_t bytes_max) {
  std::string result;
  while (!text.empty() && result.size() < bytes_max) {
    auto size = character_size(text);
    if (result.size() + size > bytes_max)
      break;
    if (size == 0 || is_control(text.substr(0, size)))
      result += '?';
    else
      result += text.substr(0, size);
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return result;
}

std::string describe(const death_certificate& what) {
  auto result = describe(what.death) + ", after " + in_seconds(what.uptime_ms * 1000);
  describe_cause(what, result);
  if (!what.roots.empty())
    result += "\n  actors: " + joined(what.roots);
  for (auto& x : what.handling)
    result += "\n  while it handled " + describe(x);
  if (!what.stack.empty()) {
    result += "\n  stack of thread " + what.thread + ":";
    for (auto& x : describe_stack(what.stack))
      result += "\n    " + x;
  }
  if (!what.names_missing.empty())
    result += "\n  names are missing: " + what.names_missing;
  result += "\n  used: " + in_seconds(what.user_time_us + what.system_time_us) + " of CPU";
  if (what.memory_peak_bytes != 0)
    result += ", " + in_mebibytes(what.memory_peak_bytes) + " of memory at most";
  result += "; handled " + std::to_string(what.messages_handled) + " messages";
  if (!what.last_lines.empty()) {
    result += "\n  last lines of standard error:";
    for (auto& x : what.last_lines)
      result += "\n    " + x;
  }
  if (!what.events.empty()) {
    result += "\n  last events:";
    for (auto i = what.events.size() - std::min(what.events.size(), events_described_max); i < what.events.size(); ++i)
      result += "\n    " + describe(what.events[i]);
  }
  return result;
}

std::string crash_site(const death_certificate& certificate) {
  // The program itself is the file that holds Bulkhead, which is linked statically.
  std::string_view program;
  for (auto& x : certificate.stack)
    if (short_function_name(x.function).starts_with("bulkhead::"))
      program = x.module;
  const stack_frame* best = nullptr;
  auto rank = [&](const stack_frame& x) { return (x.function.empty() ? 0 : 1) + (x.module == program ? 2 : 0); };
  for (auto& x : certificate.stack)
    if (!is_runtime_frame(x) && (best == nullptr || rank(x) > rank(*best)))
      best = &x;
  return best == nullptr ? "" : describe(*best);
}

std::string to_json(const death_certificate& what) {
  caf::json_writer writer;
  writer.indentation(2);
  writer.skip_empty_fields(false);
  if (!writer.apply(what))
    return "{}";
  return {writer.str().begin(), writer.str().end()};
}

bool is_abnormal(const death_certificate& what) noexcept {
  return what.death.cause != death_cause::recycled && !what.ordered;
}

} // namespace bulkhead
