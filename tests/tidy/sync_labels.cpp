#include "sync_labels.hpp"

#include <cctype>
#include <map>

namespace bulkhead::tidy {

namespace {

struct access {
  bool writes = false;
  bool reads = false;
};

struct occurrence : access {
  std::string where;
};

/// By label.
using label_map = std::map<std::string, occurrence>;

bool is_ordered(std::string_view line) {
  auto code = code_of(line);
  for (std::string spelling : {"memory_order_", "memory_order::"})
    for (auto order : {"acquire", "release", "acq_rel", "seq_cst", "consume"})
      if (code.find(spelling + order) != code.npos)
        return true;
  return false;
}

/// Looks for the operation on the line of its memory order and, as calls are long, on up to two lines before.
access access_at(const source_file& file, size_t index) {
  for (size_t back = 0; back < 3 && back <= index; ++back) {
    auto code = code_of(file.lines[index - back]);
    auto has = [&](std::string_view what) { return code.find(what) != code.npos; };
    bool both = has("exchange") || has("fetch_") || has("fence") || has("test_and_set");
    access result{both || has("store("), both || has("load(")};
    if (result.writes || result.reads)
      return result;
  }
  return {true, true};
}

std::vector<std::string> labels_in(std::string_view line) {
  std::vector<std::string> result;
  auto comment = comment_of(line);
  auto at = comment.find("sync:");
  if (at == comment.npos)
    return result;
  comment.remove_prefix(at + 5);
  auto is_part = [](char c) { return std::islower(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '/'; };
  for (size_t begin = 0; begin < comment.size();) {
    auto end = begin;
    while (end < comment.size() && is_part(comment[end]))
      ++end;
    auto word = comment.substr(begin, end - begin);
    auto slash = word.find('/');
    if (slash != word.npos && slash != 0 && slash + 1 != word.size())
      result.emplace_back(word);
    begin = end + 1;
  }
  return result;
}

bool is_comment_alone(std::string_view line) {
  return code_of(line).find_first_not_of(' ') == std::string_view::npos;
}

/// @returns the line of the access that a label on line `index` speaks of, or the number of lines.
size_t labelled_line(const source_file& file, size_t index) {
  if (is_ordered(file.lines[index]))
    return index;
  for (++index; index < file.lines.size() && is_comment_alone(file.lines[index]); ++index)
    ;
  return index < file.lines.size() && is_ordered(file.lines[index]) ? index : file.lines.size();
}

void read_file(const source_file& file, label_map& labels, findings& result) {
  std::vector<bool> labelled(file.lines.size() + 1);
  for (size_t i = 0; i < file.lines.size(); ++i) {
    for (auto& label : labels_in(file.lines[i])) {
      auto line = labelled_line(file, i);
      labelled[line] = true;
      if (line == file.lines.size()) {
        result.push_back(at_line(file, i, label + " stands at no ordered access"));
        continue;
      }
      auto found = access_at(file, line);
      auto& entry = labels[label];
      entry.writes |= found.writes;
      entry.reads |= found.reads;
      entry.where = at_line(file, i, label);
    }
  }
  for (size_t i = 0; i < file.lines.size(); ++i)
    if (is_ordered(file.lines[i]) && !labelled[i])
      result.push_back(at_line(file, i, "an ordered access without a sync label"));
}

} // namespace

findings sync_label_mistakes(const std::vector<source_file>& files) {
  findings result;
  label_map labels;
  for (auto& file : files)
    read_file(file, labels, result);
  for (auto& [label, seen] : labels) {
    if (!seen.writes)
      result.push_back(seen.where + " has no access that writes");
    if (!seen.reads)
      result.push_back(seen.where + " has no access that reads");
  }
  return result;
}

findings misplaced_memory_orders(const source_file& file) {
  findings result;
  if (file.path.find("/shm/") != std::string::npos)
    return result;
  for (size_t i = 0; i < file.lines.size(); ++i)
    if (code_of(file.lines[i]).find("memory_order") != std::string_view::npos)
      result.push_back(at_line(file, i, "a memory order outside of shm"));
  return result;
}

} // namespace bulkhead::tidy
