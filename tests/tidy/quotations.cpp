#include "quotations.hpp"

#include <algorithm>
#include <regex>

namespace bulkhead::tidy {

namespace {

bool is_typed(std::string_view line) {
  return line.starts_with("$ ") || line == "^C";
}

/// The file that a comment names behind `relation`; empty if it is no such comment.
std::string named(std::string_view line, std::string_view relation) {
  constexpr std::string_view end = " -->";
  auto begin = "<!-- " + std::string{relation} + " ";
  if (!line.starts_with(begin) || !line.ends_with(end))
    return {};
  return std::string{line.substr(begin.size(), line.size() - begin.size() - end.size())};
}

} // namespace

std::vector<quotation> quotations(const source_file& document) {
  std::vector<quotation> result;
  for (size_t i = 0; i < document.lines.size(); ++i) {
    auto pattern = named(document.lines[i], "matches");
    auto file = pattern.empty() ? named(document.lines[i], "same as") : pattern;
    if (file.empty())
      continue;
    auto known = std::find_if(result.begin(), result.end(), [&](auto& x) { return x.file == file; });
    if (known == result.end())
      known = result.insert(result.end(), quotation{file, !pattern.empty(), {}});
    if (++i == document.lines.size() || !document.lines[i].starts_with("```"))
      continue; // no block: nothing is quoted
    while (++i < document.lines.size() && document.lines[i] != "```")
      known->lines.push_back(document.lines[i]);
  }
  return result;
}

findings differences(const quotation& what, const source_file& file) {
  auto [shown, wanted] = std::mismatch(what.lines.begin(), what.lines.end(), file.lines.begin(), file.lines.end());
  if (shown == what.lines.end() && wanted == file.lines.end())
    return {};
  auto index = static_cast<size_t>(wanted - file.lines.begin());
  return {at_line(file, index, "is shown as: " + (shown == what.lines.end() ? std::string{"nothing"} : *shown))};
}

findings mismatches(const quotation& what, const source_file& patterns) {
  auto line = what.lines.begin();
  bool may_skip = false;
  for (size_t i = 0; i < patterns.lines.size(); ++i) {
    if (patterns.lines[i].starts_with("...")) {
      may_skip = true;
      continue;
    }
    std::regex pattern{patterns.lines[i]};
    while (line != what.lines.end() && !std::regex_match(*line, pattern) && (may_skip || is_typed(*line)))
      ++line;
    if (line == what.lines.end())
      return {at_line(patterns, i, "matches no line that is shown")};
    if (!std::regex_match(*line, pattern))
      return {at_line(patterns, i, "does not match what is shown: " + *line)};
    ++line;
    may_skip = false;
  }
  line = std::find_if_not(line, what.lines.end(), [&](auto& x) { return may_skip || is_typed(x); });
  return line == what.lines.end() ? findings{} : findings{patterns.path + " ends before what is shown: " + *line};
}

} // namespace bulkhead::tidy
