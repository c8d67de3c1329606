// A worker that was built with other message types than its host.

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <cstdint>

struct another {
  int32_t value = 0;
};

template <class Inspector>
bool inspect(Inspector& f, another& x) {
  return f.object(x).fields(f.field("value", x.value));
}

CAF_BEGIN_TYPE_ID_BLOCK(other_types, first_custom_type_id)
  CAF_ADD_TYPE_ID(other_types, (another))
CAF_END_TYPE_ID_BLOCK(other_types)

caf::behavior victim(caf::event_based_actor*) {
  return {[](caf::get_atom) { return int32_t{0}; }};
}

void caf_main(caf::actor_system&) {
  // nop
}

BULKHEAD_MAIN(caf::id_block::other_types, bulkhead::heavy<"victim", victim>)
