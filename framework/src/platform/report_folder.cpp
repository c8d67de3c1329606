#include "bulkhead/platform/report_folder.hpp"

#include "bulkhead/platform/unique_fd.hpp"
#include "write_signals.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

/// Sorts as text in the order of time: "20261126T101112.123456".
std::string now_as_text() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  char text[32];
  auto size = std::strftime(text, sizeof text, "%Y%m%dT%H%M%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%06ld", now.tv_nsec / 1000);
  return text;
}

result<void> write_all(const std::string& path, std::string_view text) {
  unique_fd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)};
  if (!fd)
    return last_error("open");
  write_signals_held guard;
  while (!text.empty()) {
    auto written = ::write(fd.get(), text.data(), text.size());
    if (written < 0 && errno != EINTR)
      return last_error("write");
    if (written > 0)
      text.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

} // namespace

report_folder::report_folder(std::string path, std::string prefix, size_t files_max)
  : path_(std::move(path)), prefix_(std::move(prefix)), files_max_(files_max) {
  // nop
}

result<std::string> report_folder::write(std::string_view tag, std::string_view suffix, std::string_view text) {
  std::error_code failed;
  std::filesystem::create_directories(path_, failed);
  if (failed)
    return os_error{failed.value(), "mkdir"};
  auto name = prefix_ + now_as_text() + "-" + std::to_string(::getpid()) + "." + std::to_string(++count_) + "-"
              + std::string{tag} + std::string{suffix};
  auto path = path_ + "/" + name;
  auto unfinished = path_ + "/." + name;
  auto written = write_all(unfinished, text);
  if (written && ::rename(unfinished.c_str(), path.c_str()) != 0)
    written = last_error("rename");
  if (!written) {
    ::unlink(unfinished.c_str());
    return written.error();
  }
  remove_oldest();
  return path;
}

void report_folder::remove_oldest() const {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator folder{path_, failed}, end; !failed && folder != end;
       folder.increment(failed))
    if (auto name = folder->path().filename().string(); name.starts_with(prefix_))
      names.push_back(std::move(name));
  if (names.size() <= files_max_)
    return;
  std::sort(names.begin(), names.end());
  names.resize(names.size() - files_max_);
  for (auto& name : names)
    ::unlink((path_ + "/" + name).c_str());
}

} // namespace bulkhead::platform
