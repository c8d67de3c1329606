#include "holdings.hpp"

#include <bulkhead/platform/this_process.hpp>

#include <filesystem>
#include <iterator>
#include <ostream>

#ifdef __SANITIZE_ADDRESS__
extern "C" size_t __sanitizer_get_current_allocated_bytes(); // not each compiler comes with the header
#else
#include <malloc.h>
#endif

namespace test_support {

namespace {

size_t heap_bytes() {
#ifdef __SANITIZE_ADDRESS__
  return __sanitizer_get_current_allocated_bytes();
#else
  auto all = ::mallinfo2();
  return all.uordblks + all.hblkhd;
#endif
}

size_t count_threads() {
  std::filesystem::directory_iterator all{"/proc/self/task"};
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

} // namespace

holdings held_now() {
  return {heap_bytes(), bulkhead::platform::open_descriptors(), count_threads()};
}

std::ostream& operator<<(std::ostream& out, const holdings& what) {
  return out << what.heap_bytes << " bytes, " << what.descriptors << " descriptors, " << what.threads << " threads";
}

} // namespace test_support
