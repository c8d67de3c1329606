#pragma once

// `&&` and `||` for what can be awaited. Users include <bulkhead/coroutine.hpp>; nothing of Asio's operators is needed.

#include "bulkhead/nursery.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace bulkhead {

namespace detail {

/// `a && b && c` gives one flat tuple without what is void.
template <class T>
std::tuple<T> flat(T value) {
  return {std::move(value)};
}

inline std::tuple<> flat(unit) {
  return {};
}

template <class... Ts>
std::tuple<Ts...> flat(std::tuple<Ts...> value) {
  return value;
}

template <class Tuple>
struct unwrapped {
  using type = Tuple;
};

template <>
struct unwrapped<std::tuple<>> {
  using type = void;
};

template <class T>
struct unwrapped<std::tuple<T>> {
  using type = T;
};

template <class T, class U>
using both_flat = decltype(std::tuple_cat(flat(std::declval<value_of<T>>()), flat(std::declval<value_of<U>>())));

/// `a || b || c` gives one flat variant, with std::monostate for what is void.
template <class T>
struct choices {
  using type = std::variant<T>;
};

template <>
struct choices<void> {
  using type = std::variant<std::monostate>;
};

template <class... Ts>
struct choices<std::variant<Ts...>> {
  using type = std::variant<Ts...>;
};

template <class T, class U>
struct either_of;

template <class... Ts, class... Us>
struct either_of<std::variant<Ts...>, std::variant<Us...>> {
  using type = std::variant<Ts..., Us...>;
};

template <class T, class U>
using either = typename either_of<typename choices<T>::type, typename choices<U>::type>::type;

template <class Either, size_t Offset, class T>
Either choose(T value) {
  return Either{std::in_place_index<Offset>, std::move(value)};
}

template <class Either, size_t Offset>
Either choose(unit) {
  return Either{std::in_place_index<Offset>};
}

template <class Either, size_t Offset, class... Ts, size_t... Is>
Either choose_nth(std::variant<Ts...> value, std::index_sequence<Is...>) {
  std::optional<Either> result;
  ((value.index() == Is ? void(result.emplace(std::in_place_index<Offset + Is>, std::move(*std::get_if<Is>(&value))))
                        : void()),
   ...);
  return std::move(*result);
}

template <class Either, size_t Offset, class... Ts>
Either choose(std::variant<Ts...> value) {
  return choose_nth<Either, Offset>(std::move(value), std::index_sequence_for<Ts...>{});
}

template <class T, class U>
awaitable<typename unwrapped<both_flat<T, U>>::type> both(awaitable<T> first, awaitable<U> second) {
  auto all = std::make_shared<nursery>(co_await boost::asio::this_coro::executor);
  std::optional<value_of<T>> x;
  std::optional<value_of<U>> y;
  auto start = [&] {
    all->add(std::move(first), fails_all<T>(*all, x));
    all->add(std::move(second), fails_all<U>(*all, y));
  };
  co_await run_members(*all, start);
  all->rethrow();
  if constexpr (std::tuple_size_v < both_flat < T, U >>> 1)
    co_return std::tuple_cat(flat(std::move(*x)), flat(std::move(*y)));
  else if constexpr (std::tuple_size_v<both_flat<T, U>> == 1)
    co_return std::get<0>(std::tuple_cat(flat(std::move(*x)), flat(std::move(*y))));
}

template <class T, class U>
awaitable<either<T, U>> first_of(awaitable<T> first, awaitable<U> second) {
  using result_type = either<T, U>;
  constexpr auto offset = std::variant_size_v<typename choices<T>::type>;
  auto all = std::make_shared<nursery>(co_await boost::asio::this_coro::executor);
  std::optional<result_type> result;
  auto win = [&all, &result](std::exception_ptr failed, auto make) {
    if (failed)
      return all->fail(std::move(failed));
    if (!result) {
      result.emplace(make());
      all->cancel();
    }
  };
  auto start = [&] {
    all->add(std::move(first), [&win](std::exception_ptr failed, value_of<T> x) {
      win(std::move(failed), [&x] { return choose<result_type, 0>(std::move(x)); });
    });
    all->add(std::move(second), [&win](std::exception_ptr failed, value_of<U> y) {
      win(std::move(failed), [&y] { return choose<result_type, offset>(std::move(y)); });
    });
  };
  co_await run_members(*all, start);
  if (!result)
    all->rethrow();
  co_return std::move(*result);
}

} // namespace detail

/// Both at once: `auto [x, y] = co_await (pool.submit<&f>(1) && request<int32_t>(self, server, 1s, 7));`. The first error cancels the
/// other one and is thrown when both have ended. Coroutines, futures and requests in any mixture; void gives nothing.
/// @param first begins first.
/// @param second begins after it.
template <class T, class U>
awaitable<typename detail::unwrapped<detail::both_flat<T, U>>::type> operator&&(awaitable<T> first,
                                                                                awaitable<U> second) {
  return detail::both(std::move(first), std::move(second));
}

/// The same for a future or a request on either side.
/// @param first begins first.
/// @param second begins after it.
template <class X, class Y>
  requires detail::awaits_ours<X, Y>
auto operator&&(X&& first, Y&& second) {
  return detail::both(to_awaitable(std::forward<X>(first)), to_awaitable(std::forward<Y>(second)));
}

/// @cond does not compile, and says why
template <class X, class Y>
  requires detail::lacks_token<X, Y>
auto operator&&(X&&, Y&&) {
  return detail::refuse<X, Y>();
}
/// @endcond

/// The first one that succeeds, as a variant; the other one is cancelled. Throws the first error if none does, when both have ended.
/// @param first begins first.
/// @param second begins after it.
template <class T, class U>
awaitable<detail::either<T, U>> operator||(awaitable<T> first, awaitable<U> second) {
  return detail::first_of(std::move(first), std::move(second));
}

/// The same for a future or a request on either side.
/// @param first begins first.
/// @param second begins after it.
template <class X, class Y>
  requires detail::awaits_ours<X, Y>
auto operator||(X&& first, Y&& second) {
  return detail::first_of(to_awaitable(std::forward<X>(first)), to_awaitable(std::forward<Y>(second)));
}

/// @cond does not compile, and says why
template <class X, class Y>
  requires detail::lacks_token<X, Y>
auto operator||(X&&, Y&&) {
  return detail::refuse<X, Y>();
}
/// @endcond

} // namespace bulkhead
