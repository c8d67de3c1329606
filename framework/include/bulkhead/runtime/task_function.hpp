#pragma once

#include "bulkhead/runtime/caf_factory.hpp"
#include "bulkhead/transport/type_ids.hpp"
#include "bulkhead/transport/task_records.hpp"

#include <caf/expected.hpp>
#include <caf/message.hpp>
#include <caf/result.hpp>
#include <caf/type_id_list.hpp>
#include <caf/typed_message_view.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace bulkhead::runtime {

/// A function that workers can be asked to run: what it returns, or one `caf::error`. It may throw.
using task_function = caf::message (*)(const caf::message& arguments);

/// A function of this program under the number that it has in each process that runs the same program.
struct task_entry {
  /// The digest of its name. Functions of the same name, in the unnamed namespaces of several files, are counted: the same
  /// program initializes them in the same order.
  uint64_t key;
  /// As the compiler writes it, for people.
  const char* name;
  task_function run;
};

/// Makes `run` known. Before `main`, by the initialization of `task_of<...>::entry`.
task_entry add_task_function(const char* name, task_function run);

/// Null if this program has no such function.
[[nodiscard]] const task_entry* find_task_function(uint64_t key);

/// The name of the function in `entry` alone, without its types; of a lambda expression its type.
[[nodiscard]] std::string name_of_function(const task_entry& entry);

/// The name of the function or the type in `entry`, for people.
[[nodiscard]] std::string describe(const task_entry& entry);

// -- what a function takes and returns ----------------------------------------

template <class Signature>
struct task_signature;

template <class R, class... Ps>
struct task_signature<std::function<R(Ps...)>> {
  using result = R;
  static constexpr bool takes_pointers = (std::is_pointer_v<std::decay_t<Ps>> || ...);
  static constexpr bool takes_references =
    ((std::is_lvalue_reference_v<Ps> && !std::is_const_v<std::remove_reference_t<Ps>>) || ...);
  static constexpr bool takes_known_types = (can_cross_processes<std::decay_t<Ps>> && ...);
  static constexpr size_t arity = sizeof...(Ps);

  template <class... Ts>
  static constexpr bool accepts() {
    if constexpr (sizeof...(Ts) == sizeof...(Ps))
      return (std::is_convertible_v<Ts, std::decay_t<Ps>> && ...);
    else
      return false;
  }

  /// See `runtime::find_uninitialized`.
  static caf::error find_uninitialized() {
    return runtime::find_uninitialized<std::decay_t<Ps>...>();
  }

  template <class... Ts>
  static caf::message arguments(Ts&&... xs) {
    return caf::make_message(static_cast<std::decay_t<Ps>>(std::forward<Ts>(xs))...);
  }

  template <class F>
  static R call(F& fun, const caf::message& arguments) {
    if (arguments.types() != caf::make_type_id_list<std::decay_t<Ps>...>())
      throw argument_mismatch{"takes " + type_names(caf::make_type_id_list<std::decay_t<Ps>...>())};
    if constexpr (sizeof...(Ps) == 0) {
      return fun();
    } else {
      auto view = caf::make_const_typed_message_view<std::decay_t<Ps>...>(arguments);
      // clang-format 14 splits lambdas with template parameters.
      // clang-format off
      return [&]<size_t... Is>(std::index_sequence<Is...>)->R {
        return fun(pass<Ps>(caf::get<Is>(view))...);
      }
      (std::index_sequence_for<Ps...>{});
      // clang-format on
    }
  }

private:
  template <class P, class T>
  static decltype(auto) pass(const T& x) {
    if constexpr (std::is_rvalue_reference_v<P>)
      return T{x};
    else
      return x;
  }
};

/// What a caller gets of a function that returns `R`.
template <class R>
struct task_result_of {
  using type = std::decay_t<R>;
};

template <>
struct task_result_of<void> {
  using type = void;
};

template <>
struct task_result_of<caf::error> {
  using type = void;
};

template <class T>
struct task_result_of<caf::expected<T>> : task_result_of<T> {};

template <class T>
struct task_result_of<caf::result<T>> : task_result_of<T> {};

template <class T>
constexpr bool can_be_result = std::is_void_v<T>;

template <class T>
  requires(!std::is_void_v<T>)
constexpr bool can_be_result<T> = can_cross_processes<T>;

template <class T>
caf::message to_task_result(T&& value) {
  return caf::make_message(std::forward<T>(value));
}

inline caf::message to_task_result(caf::error reason) {
  return reason ? caf::make_message(std::move(reason)) : caf::message{};
}

template <class T>
caf::message to_task_result(caf::expected<T> value) {
  if (!value)
    return caf::make_message(std::move(value.error()));
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return caf::make_message(std::move(*value));
}

template <class T>
caf::message to_task_result(caf::result<T> value) {
  if (auto content = caf::get_if<caf::message>(&value.get_data()))
    return std::move(*content);
  if (auto reason = caf::get_if<caf::error>(&value.get_data()))
    return caf::make_message(std::move(*reason));
  return caf::make_message(caf::make_error(errc::task_failed, "a task cannot delegate"));
}

// -- the table ----------------------------------------------------------------

/// @tparam F a function object without state, or `function_value`.
template <class F>
struct task_of {
  using signature = task_signature<decltype(std::function{std::declval<F>()})>;
  using result = typename task_result_of<typename signature::result>::type;

  static caf::message run(const caf::message& arguments) {
    F fun{};
    if constexpr (std::is_void_v<typename signature::result>) {
      signature::call(fun, arguments);
      return {};
    } else {
      return to_task_result(signature::call(fun, arguments));
    }
  }

  /// Several calls in one, each with a result of its own.
  static caf::message run_chunk(const caf::message& arguments);

  static const task_entry entry;
  static const task_entry chunk_entry;
};

/// Its name alone tells it from `F`.
template <class F>
struct chunk_of {};

/// Runs one item of a chunk: what it throws becomes its result.
caf::message run_guarded(task_function run, const caf::message& arguments);

caf::message run_each(task_function run, const caf::message& arguments);

template <class F>
caf::message task_of<F>::run_chunk(const caf::message& arguments) {
  return run_each(&run, arguments);
}

template <class F>
const task_entry task_of<F>::entry = add_task_function(typeid(F*).name(), &run);

template <class F>
const task_entry task_of<F>::chunk_entry = add_task_function(typeid(chunk_of<F>*).name(), &run_chunk);

/// The function `Fun` as a type.
template <auto Fun, class Signature = decltype(std::function{Fun})>
struct function_value;

template <auto Fun, class R, class... Ps>
struct function_value<Fun, std::function<R(Ps...)>> {
  R operator()(Ps... xs) const {
    return Fun(std::forward<Ps>(xs)...);
  }
};

} // namespace bulkhead::runtime
