#pragma once

// Python's `Executor.map` and `Pool.imap_unordered`: one function for each element of a range.

#include "bulkhead/chunk_feed.hpp"
#include "bulkhead/result_board.hpp"

#include <caf/message.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace bulkhead {

/// The results of a `map`, in the order of its range: a future for each element, to be awaited as any other.
///
///     auto squares = map<&square>(pool, numbers);
///     while (auto y = squares.next())
///       sum += co_await y; // or y.get() in a plain thread, y.then(self, ...) in an actor, which asks for the next one in there
///
/// The range is read in `next`, by its caller, as far ahead as `map_options` say. So whoever has what the last future gives before asking
/// for the next one bounds what is under way.
///
/// Thread safety: of one thread at a time. Lifetime: it keeps the range (of a range that is a reference, the referred must outlive it).
/// What was submitted and has not ended when it goes is cancelled, and so are the futures.
template <class T>
class map_results {
public:
  using value_type = T;

  /// Without results: only to be assigned to.
  map_results() noexcept = default;

  map_results(map_results&&) noexcept = default;
  map_results& operator=(map_results&&) noexcept = default;

  /// The result of the next element; an empty future at the end. Never blocks, except in the range. The error of a call is that of its
  /// future only; when a worker dies, each call of the chunk that it was running has that error. To cancel a future ends that one only;
  /// its call is made all the same.
  /// @throws what reading the range throws, in the place of the element that could not be read; after that it is the end.
  [[nodiscard]] future<T> next() {
    if (!feed_)
      return {};
    while (auto more = feed_->advance(taken_))
      add(*more);
    if (!feed_->has_more_than(taken_))
      return {};
    ++taken_;
    future<T> result{std::move(ahead_.front())};
    ahead_.pop_front();
    return result;
  }

  // -- for Bulkhead -----------------------------------------------------------

  explicit map_results(std::unique_ptr<detail::chunk_feed> feed) : feed_(std::move(feed)) {
    // nop
  }

private:
  using outcome = runtime::outcome<T>;

  void add(const detail::chunk_feed::chunk& more) {
    std::vector<std::shared_ptr<outcome>> results;
    results.reserve(more.count);
    for (size_t i = 0; i < more.count; ++i) {
      results.push_back(std::make_shared<outcome>());
      ahead_.push_back(results.back());
    }
    more.results->on_done([from = more.results, results = std::move(results)] {
      from->hand_out(results.size(), [&results](size_t i, caf::message& content) { results[i]->take(content); });
    });
  }

  std::unique_ptr<detail::chunk_feed> feed_;
  size_t taken_ = 0;
  /// Not asked for yet.
  std::deque<std::shared_ptr<outcome>> ahead_;
};

/// The results of a `map_unordered`, as they are completed. As `map_results`, with these differences.
template <class T>
class unordered_map_results {
public:
  using value_type = mapped<T>;

  /// Without results: only to be assigned to.
  unordered_map_results() noexcept = default;

  unordered_map_results(unordered_map_results&&) noexcept = default;
  unordered_map_results& operator=(unordered_map_results&&) noexcept = default;

  /// The next result that is completed, and which element it belongs to, also if it is an error; an empty future at the end.
  /// To cancel a future that waits leaves its result to the next one.
  /// @throws as `map_results::next`, when a future was given for each element before.
  [[nodiscard]] future<mapped<T>> next() {
    if (!feed_)
      return {};
    while (auto more = feed_->advance(board_->taken()))
      more->results->on_done([board = board_, first = more->first, count = more->count, from = more->results] {
        from->hand_out(count, [&](size_t i, caf::message& content) { board->put(first + i, content); });
      });
    if (!feed_->has_more_than(board_->taken()))
      return {};
    return board_->take();
  }

  // -- for Bulkhead -----------------------------------------------------------

  explicit unordered_map_results(std::unique_ptr<detail::chunk_feed> feed)
    : feed_(std::move(feed)), board_(std::make_shared<detail::result_board<T>>()) {
    // nop
  }

private:
  std::unique_ptr<detail::chunk_feed> feed_;
  std::shared_ptr<detail::result_board<T>> board_;
};

namespace detail {

template <class T>
concept tuple_like = requires {
  std::tuple_size<std::remove_cvref_t<T>>::value;
};

/// Whether `F` takes the elements of a tuple instead of it.
template <class F, class Element>
constexpr bool is_unpacked = runtime::task_of<F>::signature::arity != 1 && tuple_like<Element>;

template <class F, class Element>
consteval bool check_element() {
  if constexpr (is_unpacked<F, Element>)
    return []<size_t... Is>(std::index_sequence<Is...>) {
      return check_task<F, std::tuple_element_t<Is, std::remove_cvref_t<Element>>...>();
    }
  (std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<Element>>>{});
  else return check_task<F, Element>();
}

/// What a `map` keeps of its range, as `std::views::all` does: a view or a temporary by value, all else by reference. That view of
/// libstdc++ does not compile with clang before version 16.
template <class Range>
using kept_range =
  std::conditional_t<std::is_lvalue_reference_v<Range> && !std::ranges::view<std::remove_cvref_t<Range>>, Range,
                     std::remove_cvref_t<Range>>;

template <class F, class Range>
class range_arguments final : public argument_source {
public:
  template <class T>
  explicit range_arguments(T&& range) : range_(std::forward<T>(range)) {
    // nop
  }

  // Not advanced before the next element is wanted, because that may wait, too.
  void read(size_t count, std::vector<caf::message>& into) override {
    for (; count > 0; --count) {
      if (next_)
        ++*next_;
      else
        next_.emplace(std::ranges::begin(range_));
      if (*next_ == std::ranges::end(range_))
        return;
      into.push_back(arguments(**next_));
    }
  }

private:
  template <class Element>
  static caf::message arguments(Element&& x) {
    using signature = typename runtime::task_of<F>::signature;
    if constexpr (is_unpacked<F, Element>)
      return std::apply([](auto&&... xs) { return signature::arguments(std::forward<decltype(xs)>(xs)...); },
                        std::forward<Element>(x));
    else
      return signature::arguments(std::forward<Element>(x));
  }

  Range range_;
  std::optional<std::ranges::iterator_t<Range>> next_;
};

template <class F, std::ranges::viewable_range Range>
std::unique_ptr<chunk_feed> feed_of(const executor& pool, Range&& range, map_options options) {
  using arguments = range_arguments<F, kept_range<Range>>;
  return std::make_unique<chunk_feed>(pool, runtime::task_of<F>::chunk_entry,
                                      std::make_unique<arguments>(std::forward<Range>(range)), options);
}

} // namespace detail

/// Calls `Fun` with each element of `range` in the workers of `pool`, reading the range only as far as results are taken:
/// `auto squares = map<&square>(pool, numbers, {.chunk = 100});`
///
/// A function with several parameters is called with the elements of a pair or a tuple, as by Python's `starmap`.
/// @param pool runs the calls.
/// @param range kept as a view, or as what it is if it is a temporary.
/// @param options how the calls are put together, and how many may be under way.
template <auto Fun, std::ranges::viewable_range Range>
auto map(const executor& pool, Range&& range, map_options options = {}) {
  using fun = runtime::function_value<Fun>;
  if constexpr (detail::check_element<fun, std::ranges::range_reference_t<Range>>())
    return map_results<typename runtime::task_of<fun>::result>{
      detail::feed_of<fun>(pool, std::forward<Range>(range), options)};
}

/// The same, with the results as they are completed, each with the place of its element:
/// `while (auto y = squares.next()) { auto [index, square] = co_await y; ... }`
/// @param pool runs the calls.
/// @param range kept as a view, or as what it is if it is a temporary.
/// @param options how the calls are put together, and how many may be under way.
template <auto Fun, std::ranges::viewable_range Range>
auto map_unordered(const executor& pool, Range&& range, map_options options = {}) {
  using fun = runtime::function_value<Fun>;
  if constexpr (detail::check_element<fun, std::ranges::range_reference_t<Range>>())
    return unordered_map_results<typename runtime::task_of<fun>::result>{
      detail::feed_of<fun>(pool, std::forward<Range>(range), options)};
}

} // namespace bulkhead
