#include "bulkhead/chunk_feed.hpp"

#include "bulkhead/errors.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::detail {

argument_source::~argument_source() = default;

bool chunk_outcome::set_value(caf::message& content) {
  if (!content.match_elements<transport::task_chunk>())
    return false;
  items_ = std::move(content.get_mutable_as<transport::task_chunk>(0).items);
  return true;
}

void chunk_outcome::note_begun(uint64_t calls) {
  begun_ = calls;
}

void chunk_outcome::hand_out(size_t count, const std::function<void(size_t, caf::message&)>& take) {
  auto items = std::exchange(items_, {});
  auto death = reason() == errc::worker_lost ? death_of(reason()) : caf::none;
  for (size_t i = 0; i < count; ++i) {
    if (!reason() && i < items.size()) {
      take(i, items[i]);
      items[i] = {};
    } else {
      auto lost = reason() ? reason() : caf::make_error(errc::decode_failed, "a chunk has fewer results than calls");
      if (death && i >= begun_) {
        death->in_doubt = false;
        lost = make_error(*death);
      }
      auto content = caf::make_message(std::move(lost));
      take(i, content);
    }
  }
}

chunk_feed::chunk_feed(executor pool, const runtime::task_entry& function, std::unique_ptr<argument_source> source,
                       map_options options)
  : pool_(std::move(pool)),
    function_(function),
    source_(std::move(source)),
    options_{std::max<size_t>(options.chunk, 1), std::max<size_t>(options.chunks_in_flight_max, 1)} {
  // nop
}

chunk_feed::~chunk_feed() {
  for (auto& x : under_way_)
    if (auto left = x.lock())
      left->cancel();
}

std::optional<chunk_feed::chunk> chunk_feed::advance(size_t taken) {
  auto ahead = read_ - taken;
  if (ended_ || (ahead > 0 && (ahead - 1) / options_.chunk + 1 >= options_.chunks_in_flight_max))
    return std::nullopt;
  transport::task_chunk arguments;
  try {
    source_->read(options_.chunk, arguments.items);
  } catch (...) {
    failed_ = std::current_exception();
  }
  auto count = arguments.items.size();
  ended_ = failed_ || count < options_.chunk;
  if (count == 0)
    return std::nullopt;
  std::erase_if(under_way_, [](auto& x) { return x.expired(); });
  auto results = std::make_shared<chunk_outcome>();
  under_way_.push_back(results);
  pool_.submit_call(function_, caf::make_message(std::move(arguments)), results, true);
  return chunk{std::exchange(read_, read_ + count), count, std::move(results)};
}

bool chunk_feed::has_more_than(size_t taken) {
  if (taken == read_ && failed_)
    std::rethrow_exception(std::exchange(failed_, nullptr));
  return taken < read_;
}

} // namespace bulkhead::detail
