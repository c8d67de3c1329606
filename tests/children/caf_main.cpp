// A program with CAF's own main function: it prints why it cannot use Bulkhead.

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <cstdio>

int32_t twice(int32_t x) {
  return 2 * x;
}

void caf_main(caf::actor_system& sys) {
  auto spawned = bulkhead::host::of(sys).spawn("actor");
  std::printf("spawn: %s\n", to_string(spawned.error()).c_str());
  auto computed = bulkhead::executor{sys}.submit<&twice>(2).get();
  std::printf("submit: %s\n", to_string(computed.error()).c_str());
}

CAF_MAIN()
