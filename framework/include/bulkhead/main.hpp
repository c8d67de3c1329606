#pragma once

#include "bulkhead/heavy.hpp"
#include "bulkhead/host.hpp"
#include "bulkhead/transport/type_loaders.hpp"

#include <caf/exec_main.hpp>
#include <caf/init_global_meta_objects.hpp>

#include <cstdio>
#include <optional>

namespace bulkhead {

namespace detail {

/// Bulkhead's own type ids: a function of the library, because they take a compiler seconds.
void init_own_types();

template <class IdBlock>
void init_block() {
  caf::init_global_meta_objects<IdBlock>();
  transport::set_loaders<IdBlock>();
}

/// Makes the actor system of a program. If that cannot get threads, descriptors or memory, prints why and ends the process with status 71.
void start_system(std::optional<caf::actor_system>& system, caf::actor_system_config& cfg);

} // namespace detail

/// Initializes the type ids of CAF, of Bulkhead, and of the application's own blocks. Once, before the first actor
/// system; BULKHEAD_MAIN does it. A type that only CAF was told of is refused when another process sends it. An enum for error codes is
/// marked with CAF_ERROR_CODE_ENUM before.
template <class... IdBlocks>
void init_types() {
  detail::init_own_types();
  (detail::init_block<IdBlocks>(), ...);
  caf::core::init_global_meta_objects();
}

/// Whether a host started this process: as a worker, or to look for the names of functions in the stack of a dead one.
[[nodiscard]] bool is_worker();

/// In a worker, serves until the end and returns the exit status for `main`; empty in the host. To be called with the
/// heavy actors in `cfg`, before the command line is parsed and before anything else is done.
///
/// A process that looks for names in the files of a dead worker's program does so in here, and ends. Without this call there are no names.
///
/// What stands behind it in a worker, `main`'s and static objects' destructors and atexit(3) handlers run when the worker ends in good
/// order, and have `worker_options::stop_timeout` for it. Threads of actors that have not ended still run then.
///
/// A worker's actors see the values of the host's configuration, whatever set them there: the command line, a file, or the program. It has
/// what the command line left over, too, and members that are bound to options. `worker_options::arguments` come before them, and an
/// argument with a wrong value fails the start with `errc::invalid_option`. Bulkhead's options, `caf.scheduler`, `caf.middleman` and
/// `caf.logger.file.path` stay the host's.
/// @param cfg the configuration of the host and of its workers.
[[nodiscard]] std::optional<int> run_if_worker(caf::actor_system_config& cfg);

namespace detail {

template <class T>
concept adds_an_actor = requires(caf::actor_system_config& cfg) {
  T::add_to(cfg);
};

template <class T>
void add_if_actor(caf::actor_system_config& cfg) {
  if constexpr (adds_an_actor<T>)
    T::add_to(cfg);
}

template <class T>
void init_if_block() {
  if constexpr (!adds_an_actor<T>)
    init_block<T>();
}

template <class F>
struct main_traits;

template <class R>
struct main_traits<R(caf::actor_system&)> {
  using configuration = config;
  template <class F>
  static R call(F fun, caf::actor_system& system, const config&) {
    return fun(system);
  }
};

template <class R, class Config>
struct main_traits<R(caf::actor_system&, const Config&)> {
  using configuration = Config;
  template <class F>
  static R call(F fun, caf::actor_system& system, const Config& cfg) {
    return fun(system, cfg);
  }
};

template <class... Ts, class F>
int run_main(F& fun, int argc, char** argv) {
  (init_if_block<Ts>(), ...);
  init_types<>();
  using traits = main_traits<F>;
  typename traits::configuration cfg;
  (add_if_actor<Ts>(cfg), ...);
  if (auto status = run_if_worker(cfg))
    return *status;
  cfg.template load<host>(); // before the command line is parsed: it brings options of its own
  if (auto failed = cfg.parse(argc, argv)) {
    std::fprintf(stderr, "error in the command line or the configuration file: %s\n", to_string(failed).c_str());
    return 2;
  }
  if (cfg.cli_helptext_printed)
    return 0;
  std::optional<caf::actor_system> system;
  start_system(system, cfg);
  if constexpr (std::is_same_v<decltype(traits::call(fun, *system, cfg)), void>) {
    traits::call(fun, *system, cfg);
    return 0;
  } else {
    return traits::call(fun, *system, cfg);
  }
}

} // namespace detail

} // namespace bulkhead

/// The program's `main`: takes the application's type-id blocks and its heavy actors, in any order, and calls
/// `caf_main(caf::actor_system&)` or `caf_main(caf::actor_system&, const my_config&)`, which may return an `int`.
/// In a process that a host started it becomes a worker instead, before anything else.
#define BULKHEAD_MAIN(...)                                                                                             \
  int main(int argc, char** argv) {                                                                                    \
    return ::bulkhead::detail::run_main<__VA_ARGS__>(caf_main, argc, argv);                                            \
  }
