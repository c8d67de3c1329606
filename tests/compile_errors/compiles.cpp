// compiles
//
// What the other files do wrong, done right: so an include path that is broken or a flag that is unknown fails here.
#include "snippet.hpp"

void good(caf::actor_system& sys, caf::event_based_actor* self, const caf::actor& peer) {
  bulkhead::executor pool{sys, {.initializer = bulkhead::call<&snippet::length>("a")}};
  pool.submit<&snippet::length>("a").then(self, [](int32_t) {});
  pool.submit([](int32_t x) { return x; }, 1);
  (void) bulkhead::map<&snippet::length>(pool, std::vector<std::string>{"a"}).next();
  (void) bulkhead::gather(pool.submit<&snippet::length>("a"), pool.when_room()).get();
  (void) bulkhead::host::of(sys).spawn("worker", snippet::known{1});
  bulkhead::co_spawn(self, [](caf::event_based_actor* me, caf::actor to) -> bulkhead::awaitable<> {
    auto x = bulkhead::request<snippet::known>(me, to, caf::infinite, snippet::known{1});
    co_await bulkhead::with_timeout(std::move(x), std::chrono::seconds{1});
    co_await bulkhead::receive<snippet::known>(me);
  }(self, peer));
}

void good(caf::actor_system_config& cfg, const bulkhead::shared_value<snippet::known>&, const bulkhead::array<float>&) {
  bulkhead::heavy<"worker", snippet::worker>::add_to(cfg);
}
