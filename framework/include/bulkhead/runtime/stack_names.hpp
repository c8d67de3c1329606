#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::runtime {

/// What is not known of a process that crashed. It wrote all of this itself.
struct name_question {
  struct place {
    /// A file; without control characters.
    std::string module;
    /// As the file numbers it.
    uint64_t offset = 0;
  };

  /// Mangled; empty if there was no exception. Without control characters.
  std::string exception_type;
  std::vector<place> places;
};

/// What was found out about one place.
struct place_names {
  struct position {
    std::string function;
    std::string source;
  };

  std::string function;
  /// As of `platform::symbolizer::positions`.
  std::vector<position> positions;
};

/// What was found out: as many places as were asked about, in their order.
struct stack_names {
  std::string exception_type;
  std::vector<place_names> places;
  /// Why there is not more; empty if all was looked up.
  std::string missing;
};

// Question and answer are lines of text. Whoever answers has read files that a stranger chose, so the answer is input, too.

constexpr size_t question_bytes_max = 64 * 1024;
constexpr size_t answer_bytes_max = 512 * 1024;

[[nodiscard]] std::string write_question(const name_question& what);
[[nodiscard]] name_question read_question(std::string_view text);

[[nodiscard]] std::string write_exception(const std::string& name);
[[nodiscard]] std::string write_function(size_t place, const std::string& name);
[[nodiscard]] std::string write_position(size_t place, const place_names::position& what);
[[nodiscard]] std::string write_end();

/// For any bytes. `missing` stays empty if the end was read.
/// @param places so many were asked about.
[[nodiscard]] stack_names read_answer(std::string_view text, size_t places);

} // namespace bulkhead::runtime
