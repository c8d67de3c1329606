#pragma once

#include "bulkhead/executor.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

namespace bulkhead {

/// How `map` hands out its work.
struct map_options {
  /// So many calls travel and run as one task. At least 1.
  size_t chunk = 1;

  /// So many chunks are under way at most; the range is read no further than that. At least 1.
  size_t chunks_in_flight_max = 32;
};

/// The results of a `map`, in the order of its range, which is read as they are taken.
///
/// Thread safety: of one thread at a time, not one that runs actors. Lifetime: what was submitted when it goes is cancelled. It keeps
/// the range; of a range that is a reference, the referred must outlive it.
template <class F, std::ranges::view View>
class map_results {
public:
  using value_type = typename runtime::task_of<F>::result;

  map_results(executor pool, View range, map_options options)
    : pool_(std::move(pool)), range_(std::move(range)), next_(std::ranges::begin(range_)), options_(options) {
    options_.chunk = options_.chunk == 0 ? 1 : options_.chunk;
    options_.chunks_in_flight_max = options_.chunks_in_flight_max == 0 ? 1 : options_.chunks_in_flight_max;
  }

  map_results(const map_results&) = delete;
  map_results& operator=(const map_results&) = delete;

  ~map_results() {
    for (auto& x : under_way_)
      x.result.cancel();
  }

  /// Waits for the next result. Empty at the end of the range. The error of a call is that of this result only; when a worker
  /// dies, each call of the chunk that it was running gets that error.
  std::optional<caf::expected<value_type>> next() {
    fill();
    if (under_way_.empty())
      return std::nullopt;
    auto& first = under_way_.front();
    if (first.taken == 0)
      current_ = first.result.get();
    auto result = item(first.taken);
    if (++first.taken == first.count)
      under_way_.pop_front();
    return result;
  }

private:
  struct chunk {
    future<transport::task_chunk> result;
    size_t count = 0;
    size_t taken = 0;
  };

  void fill() {
    while (under_way_.size() < options_.chunks_in_flight_max && next_ != std::ranges::end(range_)) {
      transport::task_chunk arguments;
      for (; arguments.items.size() < options_.chunk && next_ != std::ranges::end(range_); ++next_)
        arguments.items.push_back(runtime::task_of<F>::signature::arguments(*next_));
      auto count = arguments.items.size();
      auto result = std::make_shared<runtime::outcome<transport::task_chunk>>();
      pool_.submit_call(runtime::task_of<F>::chunk_entry, caf::make_message(std::move(arguments)), result);
      under_way_.push_back({future<transport::task_chunk>{std::move(result)}, count, 0});
    }
  }

  caf::expected<value_type> item(size_t index) {
    if (!current_)
      return current_.error();
    if (index >= current_->items.size())
      return caf::make_error(errc::decode_failed, "a chunk has fewer results than calls");
    runtime::outcome<value_type> one;
    one.take(current_->items[index]);
    if (one.reason())
      return one.reason();
    if constexpr (std::is_void_v<value_type>)
      return {};
    else
      return one.value();
  }

  executor pool_;
  View range_;
  std::ranges::iterator_t<View> next_;
  map_options options_;
  std::deque<chunk> under_way_;
  caf::expected<transport::task_chunk> current_{transport::task_chunk{}};
};

/// Calls `Fun` with each element of `range` in the workers of `pool`, reading the range only as far as results are taken:
/// `auto squares = map<&square>(pool, numbers, {.chunk = 100}); while (auto x = squares.next()) ...`
template <auto Fun, std::ranges::viewable_range Range>
auto map(const executor& pool, Range&& range, map_options options = {}) {
  using fun = runtime::function_value<Fun>;
  if constexpr (detail::check_task<fun, std::ranges::range_reference_t<Range>>())
    return map_results<fun, std::views::all_t<Range>>{pool, std::views::all(std::forward<Range>(range)), options};
}

} // namespace bulkhead
