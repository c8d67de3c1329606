#pragma once

#include "bulkhead/errors.hpp"
#include "bulkhead/runtime/caf_factory.hpp"

#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

namespace bulkhead {

/// A string as a template argument.
template <size_t N>
struct actor_name {
  /// Copies a literal.
  /// @param literal the name.
  consteval actor_name(const char (&literal)[N]) {
    std::copy_n(literal, N, text);
  }

  /// With the zero at its end.
  char text[N];
};

/// Names the function-based actor `Fun`, so that it can be spawned in a worker: its parameters behind the self pointer are
/// the arguments of the spawn, and each needs a type id.
///
/// @tparam Os CAF's options, such as `caf::detached` for a thread of its own inside the worker.
template <actor_name Name, auto Fun, caf::spawn_options Os = caf::no_spawn_options>
struct heavy {
  /// Registers the actor.
  /// @param cfg the configuration of the host, and of each worker that runs it.
  static void add_to(caf::actor_system_config& cfg) {
    cfg.add_actor_factory(Name.text, runtime::make_function_factory<Fun, Os>());
  }
};

/// The same for an actor class whose constructor takes `Ts` behind CAF's `actor_config&`.
template <actor_name Name, class Actor, class... Ts>
struct heavy_class {
  /// Registers the actor.
  /// @param cfg the configuration of the host, and of each worker that runs it.
  static void add_to(caf::actor_system_config& cfg) {
    cfg.add_actor_factory(Name.text, runtime::make_class_factory<Actor, caf::no_spawn_options, Ts...>());
  }
};

/// The configuration of an actor system that knows heavy actors. Applications with a class of their own call
/// `heavy<...>::add_to(cfg)` instead.
class config : public caf::actor_system_config {
public:
  /// Registers a function-based actor, see `heavy`.
  /// @returns this configuration.
  template <actor_name Name, auto Fun, caf::spawn_options Os = caf::no_spawn_options>
  config& add_heavy() {
    heavy<Name, Fun, Os>::add_to(*this);
    return *this;
  }

  /// Registers an actor class, see `heavy_class`.
  /// @returns this configuration.
  template <actor_name Name, class Actor, class... Ts>
  config& add_heavy_class() {
    heavy_class<Name, Actor, Ts...>::add_to(*this);
    return *this;
  }
};

} // namespace bulkhead
