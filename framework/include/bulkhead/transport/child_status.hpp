#pragma once

#include <caf/actor.hpp>
#include <caf/default_enum_inspect.hpp>
#include <caf/error.hpp>
#include <caf/string_view.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace bulkhead {

/// How a child of a supervisor is.
enum class child_state : uint8_t {
  /// It waits for those before it, or for its back-off, or its start is under way.
  starting,
  /// It lives.
  up,
  /// It was told to end, and has not ended yet.
  stopping,
  /// It has ended and is not started again.
  ended,
};

/// The name of the state, as written above.
/// @param what any.
std::string to_string(child_state what);
bool from_string(caf::string_view text, child_state& what);
bool from_integer(std::underlying_type_t<child_state> number, child_state& what);

template <class Inspector>
bool inspect(Inspector& f, child_state& what) {
  return caf::default_enum_inspect(f, what);
}

/// What a supervisor tells about one of its children.
struct child_status {
  /// Its name among its siblings.
  std::string name;
  /// How it is just now.
  child_state state = child_state::starting;
  /// Empty while it has none.
  caf::actor handle;
  /// How often it was started again.
  uint32_t restarts = 0;
  /// Of its last incarnation that ended or did not start; empty if there was none, or if it ended in good order.
  caf::error last_end;

  template <class Inspector>
  friend bool inspect(Inspector& f, child_status& x) {
    return f.object(x).fields(f.field("name", x.name), f.field("state", x.state), f.field("handle", x.handle),
                              f.field("restarts", x.restarts), f.field("last_end", x.last_end));
  }
};

} // namespace bulkhead
