#pragma once

#include "source_file.hpp"

namespace bulkhead::tidy {

/// A code block of a document, below a comment that says which file it shows: `<!-- same as step1.cpp -->`, or
/// `<!-- matches step1.expected -->` for a file of patterns.
struct quotation {
  std::string file;
  bool is_pattern = false;
  /// Of all blocks with the same comment.
  std::vector<std::string> lines;
};

[[nodiscard]] std::vector<quotation> quotations(const source_file& document);

/// The first line that differs, if one does.
[[nodiscard]] findings differences(const quotation& what, const source_file& file);

/// The first line that does not match its pattern, if there is one. `patterns` are as examples/check_output.cmake reads them. What a reader
/// types (`$ command`, `^C`) may be missing in the patterns.
[[nodiscard]] findings mismatches(const quotation& what, const source_file& patterns);

} // namespace bulkhead::tidy
