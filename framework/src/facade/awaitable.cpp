#include "bulkhead/awaitable.hpp"

#include "bulkhead/errors.hpp"
#include "bulkhead/transport/foreign_call.hpp"

#include <caf/sec.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace bulkhead {

failure::failure(caf::error reason) : reason_(std::move(reason)), text_(to_string(reason_)) {
  // nop
}

caf::error to_error(const std::exception_ptr& what) {
  try {
    std::rethrow_exception(what);
  } catch (const failure& x) {
    return x.reason();
  } catch (const boost::system::system_error& x) {
    if (x.code() == boost::asio::error::operation_aborted)
      return caf::make_error(errc::cancelled, "the coroutine was cancelled");
    return caf::make_error(caf::sec::runtime_error, x.what());
  } catch (...) {
    return caf::make_error(caf::sec::runtime_error, transport::thrown_text());
  }
}

} // namespace bulkhead
