#pragma once

#include "source_file.hpp"

#include <functional>
#include <set>

namespace bulkhead::tidy {

/// A piece of a document, with the index of the line where it begins.
struct excerpt {
  size_t line;
  std::string text;

  friend bool operator==(const excerpt&, const excerpt&) = default;
};

/// The targets of all links and pictures of a document, outside of code.
[[nodiscard]] std::vector<excerpt> link_targets(const source_file& document);

/// What stands in backticks, and the lines of all code blocks whose language is `cpp`.
[[nodiscard]] std::vector<excerpt> code_excerpts(const source_file& document);

/// What a link's `#anchor` may name in a document, as GitHub makes it from a heading.
[[nodiscard]] std::set<std::string> heading_anchors(const source_file& document);

/// Whether the repository has a file or a folder at a path from its root.
using path_predicate = std::function<bool(const std::string& path)>;

/// A link leads to the web, to a file or folder of the repository, or to a heading of one of `documents`. Nothing on the web is
/// looked at.
[[nodiscard]] findings dead_links(const source_file& document, const std::vector<source_file>& documents,
                                  const path_predicate& exists);

/// A path in backticks that begins with a folder of the repository leads to something there. `build` is made by others.
[[nodiscard]] findings missing_paths(const source_file& document, const path_predicate& exists);

/// All words of some files: letters, digits and `_`.
[[nodiscard]] std::set<std::string, std::less<>> words_of(const std::vector<source_file>& files);

/// A name in a document's code, which is a word with `_`, or one behind `::` or in front of `(`, is a word of the sources.
[[nodiscard]] findings unknown_names(const source_file& document, const std::set<std::string, std::less<>>& words);

} // namespace bulkhead::tidy
