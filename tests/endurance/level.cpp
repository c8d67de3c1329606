#include "level.hpp"

#include <caf/monitorable_actor.hpp>

#include <iostream>
#include <mutex>

namespace endurance {

namespace {

/// CAF keeps these to derived classes.
struct opened_actor final : caf::monitorable_actor {
  static size_t count(caf::monitorable_actor& actor) {
    std::lock_guard guard{actor.*(&opened_actor::mtx_)};
    size_t result = 0;
    for (auto x = (actor.*(&opened_actor::attachables_head_)).get(); x != nullptr; x = x->next.get())
      ++result;
    return result;
  }
};

} // namespace

size_t observers_of(const caf::strong_actor_ptr& actor) {
  return opened_actor::count(dynamic_cast<caf::monitorable_actor&>(*actor->get()));
}

// A table that has doubled once is no leak: what leaks does so each time.
bool stays_level(const rounds& how, const std::function<void(size_t)>& round) {
  constexpr int tries_max = 3;
  size_t done = 0;
  for (; done < how.first; ++done)
    round(done);
  for (int tried = 0; tried < tries_max; ++tried) {
    auto before = test_support::held_now();
    for (size_t i = 0; i < how.more; ++i)
      round(done++);
    auto after = before;
    // What has ended may be with other threads still.
    auto level = test_support::eventually([&] {
      after = test_support::held_now();
      return after.heap_bytes <= before.heap_bytes + how.more * how.bytes_max && after.descriptors <= before.descriptors
             && after.threads <= before.threads;
    });
    if (level)
      return true;
    std::cerr << "before: " << before << "; after " << how.more << " rounds more: " << after << std::endl;
  }
  return false;
}

} // namespace endurance
