#include "markdown.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

namespace bulkhead::tidy {

namespace {

/// A document without its blocks of code, whose lines are empty; those of the language `cpp` go to `blocks`.
std::vector<std::string> without_blocks(const source_file& document, std::vector<excerpt>* blocks) {
  std::vector<std::string> result;
  bool inside = false;
  bool is_cpp = false;
  for (size_t i = 0; i < document.lines.size(); ++i) {
    auto& line = document.lines[i];
    auto begin = line.find_first_not_of(' ');
    bool is_fence = begin != line.npos && std::string_view{line}.substr(begin).starts_with("```");
    if (is_fence) {
      inside = !inside;
      is_cpp = inside && std::string_view{line}.substr(begin) == "```cpp";
    } else if (inside && is_cpp && blocks != nullptr) {
      blocks->push_back({i, line});
    }
    result.push_back(inside || is_fence ? std::string{} : line);
  }
  return result;
}

/// Takes what stands in backticks out of the lines; a span may go on in the next line, but not behind an empty one.
void take_spans(std::vector<std::string>& lines, std::vector<excerpt>* spans) {
  bool inside = false;
  excerpt span{0, {}};
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty())
      inside = false;
    std::string rest;
    for (char c : lines[i]) {
      if (c == '`') {
        if (inside && spans != nullptr)
          spans->push_back(span);
        inside = !inside;
        span = {i, {}};
      } else {
        (inside ? span.text : rest) += c;
      }
    }
    if (inside)
      span.text += ' ';
    lines[i] = rest;
  }
}

/// A path from the repository's root, for a link that stands in `document`; empty if it leads out of the repository.
std::string resolved(const source_file& document, const std::string& target) {
  namespace fs = std::filesystem;
  auto path = (fs::path{document.path}.parent_path() / target).lexically_normal().generic_string();
  if (path.ends_with('/'))
    path.pop_back();
  return path.starts_with("..") || path.starts_with('/') ? std::string{} : path;
}

/// @returns what is wrong with a link, empty if nothing.
std::string fault_of(const std::string& target, const source_file& document, const std::vector<source_file>& documents,
                     const path_predicate& exists) {
  if (target.find("://") != target.npos || target.starts_with("mailto:"))
    return {};
  auto hash = target.find('#');
  auto path = hash == 0 ? document.path : resolved(document, target.substr(0, hash));
  if (path.empty() || !exists(path))
    return "no such file: " + target;
  if (hash == target.npos)
    return {};
  auto is_it = [&](auto& x) { return x.path == path; };
  auto other = std::find_if(documents.begin(), documents.end(), is_it);
  if (other == documents.end() || !heading_anchors(*other).contains(target.substr(hash + 1)))
    return "no such heading: " + target;
  return {};
}

} // namespace

std::vector<excerpt> link_targets(const source_file& document) {
  auto lines = without_blocks(document, nullptr);
  take_spans(lines, nullptr);
  std::vector<excerpt> result;
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string_view line = lines[i];
    for (auto at = line.find("]("); at != line.npos; at = line.find("](", at + 1)) {
      auto target = line.substr(at + 2);
      result.push_back({i, std::string{target.substr(0, target.find_first_of(") "))}});
    }
    if (auto colon = line.find("]: "); line.starts_with('[') && colon != line.npos) {
      auto target = line.substr(colon + 3);
      result.push_back({i, std::string{target.substr(0, target.find(' '))}});
    }
  }
  return result;
}

std::vector<excerpt> code_excerpts(const source_file& document) {
  std::vector<excerpt> result;
  auto lines = without_blocks(document, &result);
  take_spans(lines, &result);
  return result;
}

std::set<std::string> heading_anchors(const source_file& document) {
  std::map<std::string, int> seen;
  std::set<std::string> result;
  for (auto& line : without_blocks(document, nullptr)) {
    auto level = line.find_first_not_of('#');
    if (level == 0 || level == line.npos || line[level] != ' ')
      continue;
    std::string anchor;
    bool in_target = false; // of a link in the heading
    for (size_t i = line.find_first_not_of(' ', level); i < line.size(); ++i) {
      if (line[i] == '(' && line[i - 1] == ']')
        in_target = true;
      if (!in_target && (is_word_character(line[i]) || line[i] == '-'))
        anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(line[i])));
      else if (!in_target && line[i] == ' ')
        anchor += '-';
      if (line[i] == ')')
        in_target = false;
    }
    auto count = seen[anchor]++;
    result.insert(count == 0 ? anchor : anchor + "-" + std::to_string(count));
  }
  return result;
}

findings dead_links(const source_file& document, const std::vector<source_file>& documents,
                    const path_predicate& exists) {
  findings result;
  for (auto& [line, target] : link_targets(document))
    if (auto fault = fault_of(target, document, documents, exists); !fault.empty())
      result.push_back(at_line(document, line, fault));
  return result;
}

findings missing_paths(const source_file& document, const path_predicate& exists) {
  findings result;
  for (auto& [line, text] : code_excerpts(document)) {
    auto is_part = [](char c) { return is_word_character(c) || c == '/' || c == '.' || c == '-' || c == '+'; };
    for (auto at = std::find_if(text.begin(), text.end(), is_part); at != text.end();) {
      auto end = std::find_if_not(at, text.end(), is_part);
      std::string path{at, end};
      bool is_pattern = end != text.end() && (*end == '*' || *end == '<' || *end == '{');
      auto slash = path.find('/');
      auto folder = path.substr(0, slash);
      while (path.ends_with('.') || path.ends_with('/'))
        path.pop_back();
      if (slash != path.npos && slash > 0 && folder != "build" && exists(folder) && !is_pattern && !exists(path))
        result.push_back(at_line(document, line, "no such file: " + path));
      at = std::find_if(end, text.end(), is_part);
    }
  }
  return result;
}

std::set<std::string, std::less<>> words_of(const std::vector<source_file>& files) {
  std::set<std::string, std::less<>> result;
  for (auto& file : files)
    for (auto& line : file.lines)
      for (auto at = std::find_if(line.begin(), line.end(), is_word_character); at != line.end();) {
        auto end = std::find_if_not(at, line.end(), is_word_character);
        result.emplace(at, end);
        at = std::find_if(end, line.end(), is_word_character);
      }
  return result;
}

findings unknown_names(const source_file& document, const std::set<std::string, std::less<>>& words) {
  findings result;
  for (auto& [line, text] : code_excerpts(document)) {
    std::string code = text.substr(0, text.find("//"));
    for (size_t at = 0, end = 0; at < code.size(); at = end + 1) {
      for (end = at; end < code.size() && is_word_character(code[end]);)
        ++end;
      auto word = code.substr(at, end - at);
      bool is_number = word.empty() || std::isdigit(static_cast<unsigned char>(word.front())) != 0;
      bool is_name = word.find('_') != word.npos || (at >= 2 && code.compare(at - 2, 2, "::") == 0)
                     || (end < code.size() && code[end] == '(');
      if (!is_number && is_name && !words.contains(word))
        result.push_back(at_line(document, line, "no such name: " + word));
    }
  }
  return result;
}

} // namespace bulkhead::tidy
