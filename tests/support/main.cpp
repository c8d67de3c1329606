// The main function of the test programs that use CAF. Each is its own worker, as applications are.

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "support/fixture.hpp"

int main(int argc, char** argv) {
  bulkhead::init_types<caf::id_block::test>();
  bulkhead::config cfg;
  test_support::add_known_actors(cfg);
  if (auto status = bulkhead::run_if_worker(cfg))
    return *status;
  return Catch::Session().run(argc, argv);
}
