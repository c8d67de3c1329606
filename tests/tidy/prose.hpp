#pragma once

#include "source_file.hpp"

namespace bulkhead::tidy {

/// A source file has at most 400 lines; other files have limits of their own.
[[nodiscard]] findings too_long(const source_file& file, size_t lines_max = 400);

/// Work that is not done is done or deleted, not marked.
[[nodiscard]] findings unfinished_marks(const source_file& file);

/// A test waits for an event, never for time to pass.
[[nodiscard]] findings sleeps(const source_file& file);

/// The names of all test cases of a file; a name in pieces, over several lines too, is put together.
[[nodiscard]] std::vector<std::string> test_names(const source_file& file);

/// CTest runs each test case by its name, and these names do not survive the way through CMake's lists and Catch's patterns.
[[nodiscard]] findings unspeakable_test_names(const source_file& file);

/// What stands in backticks in the last column of a document's tables, without the tables' headings.
[[nodiscard]] std::vector<std::string> names_in_last_column(const source_file& document);

/// The number that follows the first `text` in a file, 0 if there is none.
[[nodiscard]] int number_after(const source_file& file, std::string_view text);

} // namespace bulkhead::tidy
