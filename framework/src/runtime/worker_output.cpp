#include "bulkhead/runtime/worker_output.hpp"

#include "bulkhead/platform/pipe.hpp"

#include <boost/asio/buffer.hpp>

namespace bulkhead::runtime {

worker_output::worker_output(boost::asio::io_context& io, platform::unique_fd pipe, line_sink sink)
  : pipe_(io), sink_(std::move(sink)) {
  pipe_.assign(pipe.get(), unwatched_);
  if (!unwatched_)
    (void) pipe.release();
}

void worker_output::start() {
  read_next();
}

void worker_output::read_next() {
  pipe_.async_read_some(boost::asio::buffer(buffer_),
                        [self = shared_from_this()](boost::system::error_code failed, size_t count) {
                          if (failed) {
                            self->flush();
                            return;
                          }
                          self->take(count);
                          self->read_next();
                        });
}

void worker_output::close() {
  if (!pipe_.is_open())
    return;
  // Bounded: a child of the worker may go on writing for ever.
  for (auto rounds = 0; rounds < 64; ++rounds) {
    auto count = platform::read_some(pipe_.native_handle(), buffer_);
    if (!count || *count == 0)
      break;
    take(*count);
  }
  flush();
  boost::system::error_code ignored;
  pipe_.close(ignored);
}

void worker_output::take(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (buffer_[i] == '\n' || line_.size() == line_bytes_max)
      flush();
    if (buffer_[i] != '\n')
      line_ += buffer_[i];
  }
}

void worker_output::flush() {
  if (!line_.empty())
    sink_(line_);
  line_.clear();
}

} // namespace bulkhead::runtime
