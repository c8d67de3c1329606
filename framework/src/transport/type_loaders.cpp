#include "bulkhead/transport/type_loaders.hpp"

#include "bulkhead/transport/type_ids.hpp"

#include <caf/all.hpp>
#include <caf/ipv4_address.hpp>
#include <caf/ipv4_endpoint.hpp>
#include <caf/ipv4_subnet.hpp>
#include <caf/ipv6_address.hpp>
#include <caf/ipv6_endpoint.hpp>
#include <caf/ipv6_subnet.hpp>
#include <caf/uri.hpp>

#include <array>
#include <limits>

namespace bulkhead::transport {

namespace {

// A global, as CAF's own table of types is: a type id means the same in the whole program. As large as it can become, so that threads
// that run until the end of the process can read it without a lock; the kernel gives pages to what is used only.
constinit std::array<type_loader, size_t{std::numeric_limits<caf::type_id_t>::max()} + 1> loaders{};

} // namespace

void set_loader(caf::type_id_t id, type_loader what) noexcept {
  loaders[id] = what;
}

const type_loader& loader_of(caf::type_id_t id) noexcept {
  return loaders[id];
}

void set_own_loaders() {
  set_loaders<caf::id_block::core_module>();
  set_loaders<caf::id_block::bulkhead>();
}

} // namespace bulkhead::transport
