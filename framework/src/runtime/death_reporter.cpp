#include "bulkhead/runtime/death_reporter.hpp"

#include "bulkhead/platform/report_folder.hpp"
#include "bulkhead/platform/this_process.hpp"

#include <utility>

namespace bulkhead::runtime {

namespace {

/// When so many deaths wait, addresses must do.
constexpr size_t waiting_with_names_max = 16;

std::string tag_of(const worker_death& death) {
  return std::to_string(death.slot) + "." + std::to_string(death.incarnation) + "-" + std::to_string(death.pid);
}

} // namespace

death_reporter::death_reporter(certificate_files files, std::function<void(const death_certificate&)> publish,
                               std::function<void(std::string)> log)
  : files_(std::move(files)), publish_(std::move(publish)), log_(std::move(log)) {
  // nop
}

death_reporter::~death_reporter() {
  stop();
}

void death_reporter::report(draft_certificate what) {
  std::lock_guard guard{mutex_};
  waiting_.push_back(std::move(what));
  changed_.notify_all();
  if (!thread_.joinable())
    thread_ = std::thread{[this] {
      platform::name_thread("bulkhead.deaths");
      run();
    }};
}

void death_reporter::stop() {
  std::unique_lock guard{mutex_};
  stopping_ = true;
  changed_.notify_all();
  guard.unlock();
  if (thread_.joinable())
    thread_.join();
}

void death_reporter::run() {
  platform::report_folder folder{files_.folder, "death-", files_.files_max};
  std::string complaint;
  for (std::unique_lock guard{mutex_};;) {
    changed_.wait(guard, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty())
      return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    auto with_names = waiting_.size() < waiting_with_names_max;
    guard.unlock();
    add_scene(next.what, next.scene, with_names);
    publish_(next.what);
    if (is_abnormal(next.what)) {
      log_(describe(next.what));
      if (!files_.folder.empty()) {
        auto written = folder.write(tag_of(next.what.death), ".json", to_json(next.what) + "\n");
        auto now = written ? std::string{} : written.error().message();
        if (auto before = std::exchange(complaint, now); !now.empty() && now != before)
          log_("bulkhead: no certificate can be written to " + files_.folder + " (bulkhead.certificates-dir): " + now);
      }
    }
    guard.lock();
  }
}

} // namespace bulkhead::runtime
