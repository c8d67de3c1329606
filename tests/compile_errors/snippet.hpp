#pragma once

// What snippets share. It is precompiled with all that it includes, because they are many.

#include <bulkhead/bulkhead.hpp>
#include <bulkhead/coroutine.hpp>
#include <bulkhead/gather.hpp>
#include <bulkhead/map.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace snippet {

/// With a type id.
struct known {
  int32_t x = 0;
};

template <class Inspector>
bool inspect(Inspector& f, known& x) {
  return f.object(x).fields(f.field("x", x.x));
}

/// Without one.
struct unknown {
  int32_t x = 0;
};

/// Cannot be made of nothing.
struct ticket {
  explicit ticket(int32_t number);
};

inline int32_t length(const std::string& text) {
  return static_cast<int32_t>(text.size());
}

inline caf::behavior worker(caf::event_based_actor*, const known&) {
  return {[](int32_t x) { return x; }};
}

} // namespace snippet

CAF_BEGIN_TYPE_ID_BLOCK(snippet, caf::first_custom_type_id)
  CAF_ADD_TYPE_ID(snippet, (snippet::known))
CAF_END_TYPE_ID_BLOCK(snippet)
