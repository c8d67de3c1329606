// The main function of the test programs that use CAF. Each is its own worker, as applications are.

#include "catch_runner.hpp"
#include "support/fixture.hpp"

int main(int argc, char** argv) {
  bulkhead::init_types<caf::id_block::test>();
  bulkhead::config cfg;
  test_support::add_known_actors(cfg);
  if (auto status = bulkhead::run_if_worker(cfg))
    return *status;
  return run_catch(argc, argv);
}
