#include "prose.hpp"

#include <cstdlib>

namespace bulkhead::tidy {

namespace {

findings words_found(const source_file& file, const std::vector<std::string>& words) {
  findings result;
  for (size_t i = 0; i < file.lines.size(); ++i)
    for (auto& word : words)
      if (has_word(file.lines[i], word))
        result.push_back(at_line(file, i, word));
  return result;
}

/// Reads the string literals that follow each other, with nothing but white space between them, from `at` on.
std::string literal_at(std::string_view text, size_t at) {
  std::string result;
  while (at < text.size() && text[at] == '"') {
    for (++at; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\')
        ++at;
      if (at < text.size())
        result += text[at];
    }
    at = text.find_first_not_of(" \n", at + 1);
  }
  return result;
}

} // namespace

findings too_long(const source_file& file, size_t lines_max) {
  if (file.lines.size() <= lines_max)
    return {};
  return {file.path + " has " + std::to_string(file.lines.size()) + " lines, more than " + std::to_string(lines_max)};
}

findings unfinished_marks(const source_file& file) {
  // In pieces, so that this file passes.
  return words_found(file, {std::string{"TO"} + "DO", std::string{"FIX"} + "ME", std::string{"XX"} + "X"});
}

findings sleeps(const source_file& file) {
  auto sleep = std::string{"sleep"};
  return words_found(file, {sleep + "_for", sleep + "_until", "u" + sleep, "nano" + sleep});
}

std::vector<std::string> test_names(const source_file& file) {
  std::string text;
  for (auto& line : file.lines)
    (text += line) += '\n';
  std::vector<std::string> result;
  constexpr std::string_view macro = "TEST_CASE";
  for (auto at = text.find(macro); at != text.npos; at = text.find(macro, at + 1)) {
    if (at != 0 && text[at - 1] != '\n' && text[at - 1] != '_')
      continue; // spoken of, not used
    auto open = text.find_first_of("(\n", at);
    if (open == text.npos || text[open] == '\n')
      continue;
    auto quote = text.find_first_of("\"\n", open);
    if (quote != text.npos && text[quote] == '\n')
      quote = text.find_first_not_of(" \n", quote);
    if (quote != text.npos && text[quote] == '"')
      result.push_back(literal_at(text, quote));
  }
  return result;
}

findings unspeakable_test_names(const source_file& file) {
  findings result;
  for (auto& name : test_names(file))
    if (name.empty() || name.find_first_of(";[]\\\"*~$") != name.npos || name.front() == ' ' || name.back() == ' ')
      result.push_back(file.path + ": '" + name + "'");
  return result;
}

std::vector<std::string> names_in_last_column(const source_file& document) {
  std::vector<std::string> result;
  for (size_t i = 0; i < document.lines.size(); ++i) {
    std::string_view line = document.lines[i];
    line = line.substr(0, line.find_last_not_of(' ') + 1);
    bool is_heading = i + 1 < document.lines.size() && document.lines[i + 1].starts_with("|-");
    if (!line.starts_with('|') || !line.ends_with('|') || is_heading)
      continue;
    line.remove_suffix(1);
    auto cell = line.substr(line.rfind('|') + 1);
    for (auto open = cell.find('`'); open != cell.npos; open = cell.find('`')) {
      cell.remove_prefix(open + 1);
      auto close = cell.find('`');
      result.emplace_back(cell.substr(0, close));
      cell.remove_prefix(close == cell.npos ? cell.size() : close + 1);
    }
  }
  return result;
}

int number_after(const source_file& file, std::string_view text) {
  for (auto& line : file.lines)
    if (auto found = line.find(text); found != line.npos)
      return std::atoi(line.c_str() + found + text.size());
  return 0;
}

} // namespace bulkhead::tidy
