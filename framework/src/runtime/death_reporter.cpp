#include "bulkhead/runtime/death_reporter.hpp"

#include "bulkhead/platform/this_process.hpp"

#include <chrono>
#include <system_error>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// When so many deaths wait, addresses must do.
constexpr size_t waiting_with_names_max = 16;

/// Of a process that does nothing else, if no other death waits. Usually it takes some milliseconds, and a large program with debugging
/// information a second.
constexpr std::chrono::milliseconds names_budget{5000};

/// The cores belong to the replacement of who died first.
constexpr std::chrono::milliseconds report_delay{5};

std::string tag_of(const worker_death& death) {
  return std::to_string(death.slot) + "." + std::to_string(death.incarnation) + "-" + std::to_string(death.pid);
}

} // namespace

death_reporter::death_reporter(certificate_files files, std::function<void(const death_certificate&)> publish,
                               std::function<void(std::string)> log, std::vector<std::string> environment)
  : files_(std::move(files)),
    publish_(std::move(publish)),
    log_(std::move(log)),
    names_(std::move(environment)),
    folder_(files_.folder, "death-", files_.files_max) {
  // nop
}

death_reporter::~death_reporter() {
  stop();
}

void death_reporter::report(draft_certificate what) {
  std::unique_lock guard{mutex_};
  if (!has_thread()) {
    guard.unlock();
    hand_out(std::move(what), waiting_with_names_max);
    return;
  }
  waiting_.push_back(std::move(what));
  changed_.notify_all();
}

// Under the mutex.
bool death_reporter::has_thread() {
  if (thread_.joinable())
    return true;
  try {
    thread_ = std::thread{[this] {
      platform::name_thread("bulkhead.deaths");
      run();
    }};
    return true;
  } catch (const std::system_error&) {
    return false;
  }
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
  for (std::unique_lock guard{mutex_};;) {
    changed_.wait(guard, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty())
      return;
    changed_.wait_for(guard, report_delay, [this] { return stopping_; });
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    auto waiting = waiting_.size();
    guard.unlock();
    hand_out(std::move(next), waiting);
    guard.lock();
  }
}

// Those who wait share the time for names: a process whose files take long to read must not keep the certificates of others.
void death_reporter::hand_out(draft_certificate draft, size_t waiting) {
  auto& what = draft.what;
  add_scene(what, draft.scene);
  auto question = question_about(what, draft.scene);
  if (question.places.empty() && question.exception_type.empty())
    ; // nothing is to be found out
  else if (waiting < waiting_with_names_max)
    add_names(what, names_.ask(question, names_budget / (1 + static_cast<int>(waiting))));
  else
    what.names_missing = "too many deaths at a time";
  publish_(what);
  if (!is_abnormal(what))
    return;
  log_(describe(what));
  if (!files_.folder.empty())
    write(what);
}

void death_reporter::write(const death_certificate& what) {
  auto written = folder_.write(tag_of(what.death), ".json", to_json(what) + "\n");
  auto now = written ? std::string{} : written.error().message();
  if (auto before = std::exchange(complaint_, now); !now.empty() && now != before)
    log_("bulkhead: no certificate can be written to " + files_.folder + " (bulkhead.certificates-dir): " + now);
}

} // namespace bulkhead::runtime
