#pragma once

#include "bulkhead/transport/codec.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/actor_factory.hpp>
#include <caf/actor_system.hpp>
#include <caf/message.hpp>
#include <caf/type_id_list.hpp>
#include <caf/typed_message_view.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace bulkhead::runtime {

/// The arguments of a spawn do not fit; `what()` says what the actor takes.
class argument_mismatch : public std::invalid_argument {
public:
  using std::invalid_argument::invalid_argument;
};

/// "(int32_t, std::string)"
std::string type_names(caf::type_id_list types);

template <class T>
constexpr bool can_cross_processes = caf::detail::is_complete<caf::type_id<T>>;

/// @returns `errc::types_not_initialized` with the name of the first of `Ts` whose id was never initialized; empty if all were.
template <class... Ts>
caf::error find_uninitialized() {
  caf::error result;
  [[maybe_unused]] auto look = [&](caf::type_id_t id, caf::string_view name) {
    if (!result && !transport::is_initialized(id))
      result = caf::make_error(errc::types_not_initialized, std::string{name.begin(), name.end()},
                               std::string{explain(errc::types_not_initialized)});
  };
  (look(caf::type_id_v<Ts>, caf::type_name_v<Ts>), ...);
  return result;
}

// Calls `fun` with the elements of `arguments`, which must have exactly the types Ts.
template <class... Ts, class F>
auto with_arguments(caf::message& arguments, F fun) {
  static_assert(
    (can_cross_processes<Ts> && ...),
    "each parameter of a heavy actor needs a type id: add CAF_ADD_TYPE_ID for it to the application's block");
  if (arguments.types() != caf::make_type_id_list<Ts...>())
    throw argument_mismatch{"takes " + type_names(caf::make_type_id_list<Ts...>())};
  if constexpr (sizeof...(Ts) == 0) {
    return fun();
  } else {
    auto view = caf::make_const_typed_message_view<Ts...>(arguments);
    // clang-format 14 splits lambdas with template parameters.
    // clang-format off
    return [&]<size_t... Is>(std::index_sequence<Is...>) {
      return fun(caf::get<Is>(view)...);
    }
    (std::index_sequence_for<Ts...>{});
    // clang-format on
  }
}

template <class Handle>
caf::actor_factory_result factory_result(caf::actor_system& system, const Handle& made) {
  return {caf::actor_cast<caf::strong_actor_ptr>(made), system.message_types<Handle>()};
}

template <auto Fun, caf::spawn_options Os, class... Ts>
caf::actor_factory_result spawn_function(caf::actor_config& cfg, caf::message& arguments) {
  auto& system = cfg.host->system();
  return with_arguments<std::decay_t<Ts>...>(arguments, [&](const auto&... xs) {
    auto fun = Fun;
    return factory_result(system, system.spawn_functor<Os>(std::true_type{}, cfg, fun, xs...));
  });
}

template <auto Fun, caf::spawn_options Os, caf::spawn_mode Mode, class Parameters>
struct function_factory;

template <auto Fun, caf::spawn_options Os, class... Ts>
struct function_factory<Fun, Os, caf::spawn_mode::function, caf::detail::type_list<Ts...>> {
  static caf::actor_factory make() {
    return &spawn_function<Fun, Os, Ts...>;
  }
};

template <auto Fun, caf::spawn_options Os, class Self, class... Ts>
struct function_factory<Fun, Os, caf::spawn_mode::function_with_selfptr, caf::detail::type_list<Self, Ts...>> {
  static caf::actor_factory make() {
    return &spawn_function<Fun, Os, Ts...>;
  }
};

/// A factory for the function-based actor `Fun`.
template <auto Fun, caf::spawn_options Os>
caf::actor_factory make_function_factory() {
  using trait = caf::infer_handle_from_fun<decltype(Fun)>;
  return function_factory<Fun, Os, trait::mode, typename trait::arg_types>::make();
}

/// A factory for the actor class `Actor` with constructor parameters `Ts` behind the configuration.
template <class Actor, caf::spawn_options Os, class... Ts>
caf::actor_factory make_class_factory() {
  return [](caf::actor_config& cfg, caf::message& arguments) {
    auto& system = cfg.host->system();
    return with_arguments<std::decay_t<Ts>...>(
      arguments, [&](const auto&... xs) { return factory_result(system, system.spawn_class<Actor, Os>(cfg, xs...)); });
  };
}

} // namespace bulkhead::runtime
