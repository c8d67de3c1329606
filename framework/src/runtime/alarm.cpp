#include "bulkhead/runtime/alarm.hpp"

#include <utility>

namespace bulkhead::runtime {

alarm::alarm(boost::asio::io_context& io, std::function<time_point()> ring) : timer_(io), ring_(std::move(ring)) {
  // nop
}

void alarm::demand(time_point when) {
  if (rings_at_ <= when)
    return;
  rings_at_ = when;
  timer_.expires_at(when);
  timer_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled)
      return;
    rings_at_ = time_point::max();
    demand(ring_());
  });
}

} // namespace bulkhead::runtime
