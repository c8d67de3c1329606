#pragma once

#include <memory>
#include <string>
#include <vector>

namespace bulkhead::platform {
class executable_file;
} // namespace bulkhead::platform

namespace bulkhead::runtime {

/// What a worker process runs. All else that it is started with stands in its `worker_options`.
struct worker_program {
  // As in `worker_options`:
  std::string path;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;

  /// Executed instead of what stands at `path`; null if that is the same.
  std::shared_ptr<const platform::executable_file> file = nullptr;
};

} // namespace bulkhead::runtime
