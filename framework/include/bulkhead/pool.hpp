#pragma once

// What `host::pool` takes: options, and keys of messages.

#include "bulkhead/runtime/pool_options.hpp"

#include <caf/hash/fnv.hpp>
#include <caf/message.hpp>
#include <caf/type_id.hpp>

#include <cstdint>
#include <functional>
#include <utility>

namespace bulkhead {

/// For `pool_options::key`: messages whose first element is a `T` have the key that `get` takes from it, anything that CAF can inspect;
/// all others share one. The same key gives the same number in each run of the program.
///
/// `{.how = dispatch::by_key, .key = key_of<order>([](const order& x) { return x.customer; })}`
/// @param get called on any thread of the host; must not throw.
template <class T, class F>
std::function<uint64_t(const caf::message&)> key_of(F get) {
  return [get = std::move(get)](const caf::message& what) -> uint64_t {
    if (what.empty() || what.type_at(0) != caf::type_id_v<T>)
      return 0;
    return caf::hash::fnv<uint64_t>::compute(std::invoke(get, what.get_as<T>(0)));
  };
}

} // namespace bulkhead
