#include "rhythm.hpp"

#include <condition_variable>
#include <mutex>

namespace soak {

void pause(std::chrono::milliseconds how_long) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock guard{mutex};
  never.wait_for(guard, how_long, [] { return false; });
}

} // namespace soak
