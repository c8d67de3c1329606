#include "bulkhead/runtime/line_limit.hpp"

#include "bulkhead/transport/death_certificate.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

constexpr uint64_t ns_per_s = 1'000'000'000;

/// Less would be rounded away.
constexpr uint64_t refill_ns = 10'000'000;

} // namespace

std::vector<std::string> line_limit::pass(std::string_view line, uint64_t now_ns) {
  refill(now_ns);
  if (lines_left_ == 0 || bytes_left_ < line.size()) {
    ++dropped_lines_;
    dropped_bytes_ += line.size();
    return {};
  }
  --lines_left_;
  bytes_left_ -= line.size();
  std::vector<std::string> result;
  if (auto told = rest())
    result.push_back(std::move(*told));
  result.push_back(printable(line, line_bytes_max));
  return result;
}

std::optional<std::string> line_limit::rest() {
  if (dropped_lines_ == 0)
    return std::nullopt;
  return std::to_string(std::exchange(dropped_lines_, 0)) + " lines ("
         + std::to_string(std::exchange(dropped_bytes_, 0)) + " bytes) were dropped: it writes more than "
         + std::to_string(lines_per_second) + " lines or " + std::to_string(bytes_per_second >> 10) + " KiB a second";
}

void line_limit::refill(uint64_t now_ns) {
  auto elapsed = now_ns - std::min(now_ns, refilled_ns_);
  if (refilled_ns_ != 0 && elapsed < refill_ns)
    return;
  auto counted = std::min(elapsed, 3600 * ns_per_s);
  lines_left_ = std::min(lines_at_once, lines_left_ + counted / 1000 * lines_per_second / (ns_per_s / 1000));
  bytes_left_ = std::min(bytes_at_once, bytes_left_ + counted / 1000 * bytes_per_second / (ns_per_s / 1000));
  refilled_ns_ = now_ns;
}

} // namespace bulkhead::runtime
