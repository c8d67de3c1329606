#include "bulkhead/runtime/written_lines.hpp"

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/transport/death_certificate.hpp"

#include <utility>

namespace bulkhead::runtime {

void written_lines::add(std::string_view text, bool is_error) {
  auto shown = printable(text, line_bytes_max);
  if (is_error) {
    errors_.push_back(shown);
    error_bytes_ += shown.size();
    while (errors_.size() > errors_max || error_bytes_ > error_bytes_max) {
      error_bytes_ -= errors_.front().size();
      errors_.pop_front();
    }
  }
  lines_.push_back({platform::now_ns(), is_error, std::move(shown)});
  if (lines_.size() > lines_max)
    lines_.pop_front();
}

std::vector<std::string> written_lines::errors() const {
  return {errors_.begin(), errors_.end()};
}

} // namespace bulkhead::runtime
