#include "actors/heavy/sum_of_squares.hpp"

#include <caf/error.hpp>
#include <caf/result.hpp>
#include <caf/sec.hpp>

#include <unistd.h>

namespace actors {

namespace {

constexpr int64_t n_max = int64_t{1} << 31;

// The modulus keeps compilers from replacing the loop by a formula.
constexpr int64_t modulus = 1'000'000'007;

int64_t sum(int64_t n) {
  int64_t result = 0;
  for (int64_t i = 0; i < n; ++i)
    result = (result + i * i) % modulus;
  return result;
}

} // namespace

caf::behavior sum_of_squares(caf::event_based_actor*) {
  return {
    [](int64_t n) -> caf::result<int64_t, int32_t> {
      if (n < 0 || n > n_max)
        return caf::make_error(caf::sec::invalid_argument, "n", n);
      return {sum(n), static_cast<int32_t>(::getpid())};
    },
  };
}

} // namespace actors
