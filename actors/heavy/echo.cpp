#include "actors/heavy/echo.hpp"

#include <bulkhead/bytes.hpp>

#include <cstdint>
#include <string>

namespace actors {

caf::behavior echo(caf::event_based_actor*) {
  return {
    [](const std::string& text) { return text; },
    [](int64_t number) { return number; },
    [](const bulkhead::bytes& block) { return block; },
  };
}

} // namespace actors
