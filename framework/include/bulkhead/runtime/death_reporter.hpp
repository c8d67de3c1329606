#pragma once

#include "bulkhead/platform/crash_scene.hpp"
#include "bulkhead/platform/report_folder.hpp"
#include "bulkhead/runtime/naming_helper.hpp"
#include "bulkhead/transport/death_certificate.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bulkhead::runtime {

/// A certificate without what takes time to find out.
struct draft_certificate {
  death_certificate what;
  /// As the process left it: anything may stand there.
  platform::crash_scene scene{};
};

/// Where certificates are written as files.
struct certificate_files {
  /// Empty: nowhere.
  std::string folder;
  uint32_t files_max = 100;
};

/// Makes certificates whole and hands them out. To find the names of functions takes milliseconds, so a thread of its own waits for the
/// helper that does it. The thread begins with the first death. While there is no room for a thread, certificates have no names.
///
/// Thread safety: `report` from any thread; `stop` once, and nothing after it. Lifetime: what is given to the constructor is called
/// until `stop` has returned.
class death_reporter {
public:
  /// @param publish called for each certificate, in the order of their reports.
  /// @param log called with the lines that describe an abnormal death, and with complaints.
  /// @param environment of the processes that look for names.
  death_reporter(certificate_files files, std::function<void(const death_certificate&)> publish,
                 std::function<void(std::string)> log, std::vector<std::string> environment);
  ~death_reporter();
  death_reporter(const death_reporter&) = delete;
  death_reporter& operator=(const death_reporter&) = delete;

  void report(draft_certificate what);

  /// Returns when all certificates are out.
  void stop();

private:
  bool has_thread();
  void run();
  void hand_out(draft_certificate what, size_t waiting);
  void write(const death_certificate& what);

  const certificate_files files_;
  const std::function<void(const death_certificate&)> publish_;
  const std::function<void(std::string)> log_;
  const naming_helper names_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<draft_certificate> waiting_;
  bool stopping_ = false;
  std::thread thread_;
  // Of the thread that hands out:
  platform::report_folder folder_;
  std::string complaint_;
};

/// An exception that nobody caught; empty if there was none.
struct thrown_exception {
  std::string type;
  std::string text;
};
[[nodiscard]] thrown_exception exception_in(const platform::crash_scene& scene);

/// Puts what a process wrote down about its crash into its certificate.
void add_scene(death_certificate& what, const platform::crash_scene& scene);

/// What is to be found out for a certificate, after `add_scene`; nothing if it asks about no place and no type.
[[nodiscard]] name_question question_about(const death_certificate& what, const platform::crash_scene& scene);

/// Puts the answer to that question into it.
void add_names(death_certificate& what, stack_names answer);

} // namespace bulkhead::runtime
