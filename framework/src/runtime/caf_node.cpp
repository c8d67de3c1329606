#include "bulkhead/runtime/caf_node.hpp"

#include "caf_expose.hpp"

#include <caf/actor_system.hpp>

#include <cstring>
#include <random>

namespace bulkhead::runtime {

namespace exposed {

struct system_node {
  using type = caf::node_id caf::actor_system::*;
  friend type member_of(system_node);
};

template struct expose<system_node, &caf::actor_system::node_>;

} // namespace exposed

namespace {

// Number 0 is the host, and CAF takes a process id of 0 for "no node".
constexpr uint32_t offset = 1;

} // namespace

transport::system_key make_system_key() {
  std::random_device source;
  transport::system_key key;
  for (auto& octet : key)
    octet = static_cast<uint8_t>(source());
  return key;
}

caf::node_id make_node(transport::process_number number, const transport::system_key& key) {
  return caf::make_node_id(number + offset, key);
}

std::optional<node_parts> parts_of(const caf::node_id& node) {
  if (!node)
    return std::nullopt;
  auto hashed = caf::get_if<caf::hashed_node_id>(&node->content);
  if (hashed == nullptr)
    return std::nullopt;
  return node_parts{hashed->process_id, hashed->host};
}

std::optional<transport::process_number> number_of(const caf::node_id& node, const transport::system_key& key) {
  auto parts = parts_of(node);
  if (!parts || parts->key != key)
    return std::nullopt;
  return process_in_node(parts->process);
}

std::optional<transport::process_number> process_in_node(uint32_t process_id) noexcept {
  if (process_id < offset)
    return std::nullopt;
  return process_id - offset;
}

void set_node(caf::actor_system& system, caf::node_id node) {
  system.*member_of(exposed::system_node{}) = std::move(node);
}

} // namespace bulkhead::runtime
