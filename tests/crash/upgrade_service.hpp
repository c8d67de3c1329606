#pragma once

#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <filesystem>
#include <string>

#include <sys/types.h>

namespace crash {

/// A folder in which programs are replaced, and pipes hold up who reads them.
class workshop {
public:
  workshop();
  ~workshop();
  workshop(const workshop&) = delete;
  workshop& operator=(const workshop&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const;

  /// Puts another copy of the child program in place of what stands there, as an installer does.
  std::string install(const std::string& name) const;

  std::string make_pipe(const std::string& name) const;

  /// Lets go who reads it, now or later.
  void open_pipe(const std::string& name) const;

private:
  std::filesystem::path folder_;
};

/// Options of a worker of the child program "versioned", in its first version.
bulkhead::worker_options first_version();

/// Another version of it, on probation for 100 ms.
bulkhead::upgrade_options version(int32_t number, const std::string& habit = {}, const std::string& place = {});

/// Which version answers; -1 if none does.
int32_t version_of(caf::scoped_actor& self, const caf::actor& service);

int32_t pid_of(caf::scoped_actor& self, const caf::actor& service);

/// The file that a process runs, by its number in the file system; 0 if it has ended.
ino_t file_run_by(int32_t pid);

/// A supervised service in its first version, in a host of its own.
struct service {
  explicit service(const bulkhead::worker_options& options = first_version());

  [[nodiscard]] int32_t version();
  [[nodiscard]] int32_t pid();

  /// Kills its process, and returns when the next one answers.
  void kill();

  test_support::host_fixture here;
  event_log events{here};
  caf::actor actor;
  caf::scoped_actor self{here.sys};
};

} // namespace crash
