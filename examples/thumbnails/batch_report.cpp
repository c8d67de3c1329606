#include "batch_report.hpp"

#include "contact_sheet.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

namespace thumbnails {

namespace {

std::string worker_text(int32_t by) {
  return by == 0 ? "-" : std::to_string(by);
}

bool kills(picture_error reason) {
  return reason == picture_error::crashed || reason == picture_error::deadline
         || reason == picture_error::out_of_memory;
}

std::string place_of(const bulkhead::death_certificate& what) {
  auto site = crash_site(what);
  return site.empty() ? "" : " in " + site;
}

std::string counted(uint64_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

} // namespace

void batch_report::add_success(batch_line line, std::string thumbnail, std::string detail) {
  ++outcome_.succeeded;
  add({std::move(line), std::move(thumbnail), "ok", std::move(detail), {}});
}

void batch_report::add_failure(batch_line line, picture_error reason, std::string detail) {
  ++outcome_.failed;
  auto by = line.by;
  add({std::move(line), "", to_string(reason), std::move(detail), {}});
  if (!kills(reason) || by == 0)
    return;
  files_without_death_[by] = entries_.size() - 1;
  match(by);
}

void batch_report::add_unwritten(batch_line line, const std::string& why) {
  ++outcome_.unwritten;
  add({std::move(line), "", "unwritten", "the thumbnail could not be written: " + why, {}});
}

void batch_report::add_unread_folder(batch_line line, std::string why) {
  ++outcome_.unread_folders;
  add({std::move(line), "", "unread_folder", std::move(why), {}});
}

void batch_report::add(batch_entry what) {
  // Names of files come from anywhere: a terminal would obey what is in them.
  what.detail = bulkhead::printable(what.detail, what.detail.size());
  entries_.push_back(std::move(what));
  auto& x = entries_.back();
  std::fprintf(stderr, "[%zu/%zu] %s: %s\n", entries_.size(), files_, shown_name(x.line.file).c_str(),
               x.result.c_str());
}

void batch_report::add_death(bulkhead::death_certificate what) {
  ++deaths_;
  auto by = what.death.pid;
  deaths_without_file_.insert_or_assign(by, std::move(what));
  match(by);
}

void batch_report::match(int32_t worker) {
  auto file = files_without_death_.find(worker);
  auto death = deaths_without_file_.find(worker);
  if (file == files_without_death_.end() || death == deaths_without_file_.end())
    return;
  auto& entry = entries_[file->second];
  std::fprintf(stderr, "%s%s, over %s\n", describe(death->second.death).c_str(), place_of(death->second).c_str(),
               shown_name(entry.line.file).c_str());
  entry.death = std::move(death->second);
  files_without_death_.erase(file);
  deaths_without_file_.erase(death);
}

void batch_report::print_table() const {
  size_t width = 4;
  for (auto& x : entries_)
    width = std::max(width, x.line.file.size());
  auto column = static_cast<int>(std::min<size_t>(width, 60));
  std::printf("%-*s  %-13s  %10s  %9s  %-10s  %s\n", column, "file", "result", "bytes", "ms", "worker", "detail");
  for (auto& x : entries_)
    std::printf("%-*s  %-13s  %10" PRIu64 "  %9.1f  %-10s  %s\n", column, shown_name(x.line.file).c_str(),
                x.result.c_str(), x.line.bytes, std::chrono::duration<double, std::milli>{x.line.time}.count(),
                worker_text(x.line.by).c_str(), x.detail.c_str());
}

// Three lines for each; the contact sheet and the files have the rest.
void batch_report::print_deaths() const {
  for (auto& x : entries_) {
    if (!x.death)
      continue;
    std::printf("\n%s: %s\n", shown_name(x.line.file).c_str(), describe(x.death->death).c_str());
    if (auto site = crash_site(*x.death); !site.empty())
      std::printf("  in %s\n", site.c_str());
    if (!x.death->handling.empty())
      std::printf("  while it handled %s\n", describe(x.death->handling.front()).c_str());
  }
  for (auto& [pid, x] : deaths_without_file_)
    std::printf("\n%s%s\n", describe(x.death).c_str(), place_of(x).c_str());
}

batch_outcome batch_report::finish(uint64_t replaced_workers, const std::string& output) {
  std::ranges::sort(entries_, {}, [](const batch_entry& x) -> const std::string& { return x.line.file; });
  auto summary = std::to_string(outcome_.succeeded) + " succeeded, "
                 + std::to_string(outcome_.failed + outcome_.unwritten + outcome_.unread_folders) + " failed, "
                 + counted(replaced_workers, "worker") + " died and " + (replaced_workers == 1 ? "was" : "were")
                 + " replaced";
  auto sheet = output + "/index.html";
  auto unwritten = write_contact_sheet(sheet, summary, entries_);
  if (unwritten)
    ++outcome_.unwritten;
  print_table();
  print_deaths();
  std::printf("\n%s\n", summary.c_str());
  if (deaths_ > 0)
    std::printf("certificates of the workers that died: %s/certificates; what workers wrote: %s/batch.log\n",
                output.c_str(), output.c_str());
  if (unwritten)
    std::printf("the contact sheet could not be written: %s: %s\n", sheet.c_str(), unwritten.message().c_str());
  else
    std::printf("contact sheet: xdg-open '%s'\n", sheet.c_str());
  return outcome_;
}

} // namespace thumbnails
