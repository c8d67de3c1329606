#include "batch_report.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

namespace thumbnails {

namespace {

// Names of files come from anywhere; what a terminal would obey does not belong into a table.
std::string printable(std::string text) {
  std::ranges::replace_if(
    text, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return text;
}

std::string worker_text(int32_t by) {
  return by == 0 ? "-" : std::to_string(by);
}

} // namespace

void batch_report::add(batch_line line, picture_error result, std::string detail) {
  if (result == picture_error::none)
    ++outcome_.succeeded;
  else
    ++outcome_.failed;
  auto text = result == picture_error::none ? std::string{"ok"} : to_string(result);
  auto deadly =
    result == picture_error::crashed || result == picture_error::deadline || result == picture_error::out_of_memory;
  add(entry{std::move(line), std::move(text), std::move(detail), deadly});
}

void batch_report::add_unwritten(batch_line line) {
  ++outcome_.unwritten;
  add(entry{std::move(line), "unwritten", "the thumbnail could not be written"});
}

void batch_report::add(entry what) {
  what.line.file = printable(std::move(what.line.file));
  what.detail = printable(std::move(what.detail));
  entries_.push_back(std::move(what));
  auto& x = entries_.back();
  std::fprintf(stderr, "[%zu/%zu] %s: %s\n", entries_.size(), files_, x.line.file.c_str(), x.result.c_str());
}

void batch_report::add(bulkhead::death_certificate what) {
  certificates_.push_back(std::move(what));
}

batch_outcome batch_report::print(uint64_t replaced_workers) {
  std::ranges::sort(entries_, {}, [](const entry& x) -> const std::string& { return x.line.file; });
  size_t width = 4;
  for (auto& x : entries_)
    width = std::max(width, x.line.file.size());
  auto column = static_cast<int>(std::min<size_t>(width, 60));
  std::printf("%-*s  %-13s  %10s  %9s  %-10s  %s\n", column, "file", "result", "bytes", "ms", "worker", "detail");
  for (auto& x : entries_)
    std::printf("%-*s  %-13s  %10" PRIu64 "  %9.1f  %-10s  %s\n", column, x.line.file.c_str(), x.result.c_str(),
                x.line.bytes, std::chrono::duration<double, std::milli>{x.line.time}.count(),
                worker_text(x.line.by).c_str(), x.detail.c_str());
  for (auto& x : entries_)
    for (auto& y : certificates_)
      if (x.deadly && x.line.by == y.death.pid)
        std::printf("\nthe worker that had %s:\n%s\n", x.line.file.c_str(), describe(y).c_str());
  std::printf("%" PRIu64 " succeeded, %" PRIu64 " failed, %" PRIu64 " workers died and were replaced\n",
              outcome_.succeeded, outcome_.failed + outcome_.unwritten, replaced_workers);
  std::fflush(stdout);
  return outcome_;
}

} // namespace thumbnails
