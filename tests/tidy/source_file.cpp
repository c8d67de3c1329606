#include "source_file.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>

namespace bulkhead::tidy {

namespace fs = std::filesystem;

namespace {

template <class Iterator>
std::vector<source_file> read_entries(const fs::path& root, std::string_view folder,
                                      const std::vector<std::string_view>& endings) {
  std::vector<source_file> result;
  if (!fs::exists(root / folder))
    return result;
  for (auto& entry : Iterator{root / folder}) {
    auto path = fs::relative(entry.path(), root).generic_string();
    if (!entry.is_regular_file()
        || std::none_of(endings.begin(), endings.end(), [&](auto ending) { return path.ends_with(ending); }))
      continue;
    std::ifstream in{entry.path(), std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    result.push_back(make_source_file(std::move(path), text));
  }
  std::sort(result.begin(), result.end(), [](auto& a, auto& b) { return a.path < b.path; });
  return result;
}

} // namespace

source_file make_source_file(std::string path, std::string_view text) {
  source_file result{std::move(path), {}};
  while (!text.empty()) {
    auto end = text.find('\n');
    result.lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return result;
}

std::vector<source_file> read_folder(const fs::path& root, std::string_view folder,
                                     const std::vector<std::string_view>& endings) {
  return read_entries<fs::recursive_directory_iterator>(root, folder, endings);
}

std::vector<source_file> read_files(const fs::path& root, std::string_view folder,
                                    const std::vector<std::string_view>& endings) {
  return read_entries<fs::directory_iterator>(root, folder, endings);
}

std::string at_line(const source_file& file, size_t index, std::string_view what) {
  return file.path + ":" + std::to_string(index + 1) + ": " + std::string{what};
}

bool is_word_character(char c) noexcept {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool has_word(std::string_view line, std::string_view word) {
  for (auto at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    auto end = at + word.size();
    if ((at == 0 || !is_word_character(line[at - 1])) && (end == line.size() || !is_word_character(line[end])))
      return true;
  }
  return false;
}

std::string_view included(std::string_view line) {
  constexpr std::string_view directive = "#include";
  auto begin = line.find_first_not_of(' ');
  if (begin == line.npos || !line.substr(begin).starts_with(directive))
    return {};
  line.remove_prefix(begin + directive.size());
  auto open = line.find_first_of("<\"");
  if (open == line.npos)
    return {};
  line.remove_prefix(open + 1);
  return line.substr(0, line.find_first_of(">\""));
}

std::string_view code_of(std::string_view line) {
  return line.substr(0, line.find("//"));
}

std::string_view comment_of(std::string_view line) {
  auto at = line.find("//");
  return at == line.npos ? std::string_view{} : line.substr(at);
}

} // namespace bulkhead::tidy
