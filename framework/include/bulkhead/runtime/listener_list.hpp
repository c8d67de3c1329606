#pragma once

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace bulkhead::runtime {

/// Actors that are told of events for as long as they live, each once. It keeps none alive.
///
/// Thread safety: none.
class listener_list {
public:
  void add(const caf::strong_actor_ptr& listener) {
    auto added = caf::actor_cast<caf::weak_actor_ptr>(listener);
    if (std::has_single_bit(all_.size())) // an event, with which they go too, may be long to come
      std::erase_if(all_, [](auto& x) { return x->strong_refs == 0; });
    if (std::find(all_.begin(), all_.end(), added) == all_.end())
      all_.push_back(std::move(added));
  }

  /// Those that live.
  [[nodiscard]] std::vector<caf::strong_actor_ptr> living() {
    std::vector<caf::strong_actor_ptr> result;
    std::erase_if(all_, [&](auto& x) {
      auto strong = x.lock();
      if (!strong)
        return true;
      result.push_back(std::move(strong));
      return false;
    });
    return result;
  }

private:
  std::vector<caf::weak_actor_ptr> all_;
};

} // namespace bulkhead::runtime
