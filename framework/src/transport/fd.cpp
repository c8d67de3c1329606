#include "bulkhead/transport/fd.hpp"

#include "bulkhead/platform/fd_passing.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <utility>

namespace bulkhead {

fd fd::adopt(int number) {
  return adopt(platform::unique_fd{number});
}

fd fd::adopt(platform::unique_fd number) {
  fd result;
  if (number)
    result.owned_ = std::make_shared<const platform::unique_fd>(std::move(number));
  return result;
}

caf::expected<fd> fd::duplicate_of(int number) {
  auto copy = platform::duplicate(number);
  if (!copy)
    return caf::make_error(errc::resources_exhausted, copy.error().message());
  return adopt(std::move(*copy));
}

} // namespace bulkhead
