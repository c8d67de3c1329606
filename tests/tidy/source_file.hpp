#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::tidy {

/// A text file of the repository.
struct source_file {
  /// From the repository's root, with slashes.
  std::string path;
  std::vector<std::string> lines;
};

/// What a rule found, a sentence each.
using findings = std::vector<std::string>;

/// Splits a text into lines.
[[nodiscard]] source_file make_source_file(std::string path, std::string_view text);

/// Reads all files below a folder whose names end in one of `endings`, sorted by path. A folder that is missing is empty.
[[nodiscard]] std::vector<source_file> read_folder(const std::filesystem::path& root, std::string_view folder,
                                                   const std::vector<std::string_view>& endings);

/// The same, without the folders in there.
[[nodiscard]] std::vector<source_file> read_files(const std::filesystem::path& root, std::string_view folder,
                                                  const std::vector<std::string_view>& endings);

/// `path:line: what`.
[[nodiscard]] std::string at_line(const source_file& file, size_t index, std::string_view what);

/// Letters, digits and `_`.
[[nodiscard]] bool is_word_character(char c) noexcept;

/// Whether `word` stands in `line` and is not a part of a longer word.
[[nodiscard]] bool has_word(std::string_view line, std::string_view word);

/// What a line includes, without quotes or brackets; empty if nothing.
[[nodiscard]] std::string_view included(std::string_view line);

/// A line without its `//` comment. A `//` in a string literal counts as one too.
[[nodiscard]] std::string_view code_of(std::string_view line);

/// A line's `//` comment, from the slashes on.
[[nodiscard]] std::string_view comment_of(std::string_view line);

} // namespace bulkhead::tidy
