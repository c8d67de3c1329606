#include "bulkhead/runtime/caf_spawn.hpp"

#include "bulkhead/runtime/caf_factory.hpp"
#include "bulkhead/transport/foreign_call.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_execution_unit.hpp>

#include <algorithm>
#include <exception>

namespace bulkhead::runtime {

namespace {

std::string join(const std::vector<std::string>& names) {
  std::string result;
  for (auto& name : names)
    result += (result.empty() ? "" : ", ") + name;
  return result;
}

} // namespace

std::string type_names(caf::type_id_list types) {
  return transport::type_names(types);
}

caf::expected<caf::strong_actor_ptr> spawn_by_name(caf::actor_system& system, const transport::spawn_request& what,
                                                   caf::execution_unit* unit, int flags) {
  auto& factories = system.config().actor_factories;
  auto i = factories.find(what.name);
  if (i == factories.end()) {
    std::vector<std::string> known;
    for (auto& entry : factories)
      known.push_back(entry.first);
    std::sort(known.begin(), known.end());
    return caf::make_error(errc::unknown_actor, what.name, "known here: " + join(known));
  }
  caf::actor_config cfg{unit != nullptr ? unit : system.dummy_execution_unit()};
  cfg.flags |= flags;
  auto arguments = what.arguments;
  try {
    auto [actor, interface] = i->second(cfg, arguments);
    if (!actor)
      return caf::make_error(errc::wrong_arguments, what.name, "got " + transport::type_names(arguments));
    std::set<std::string> wanted{what.interface.begin(), what.interface.end()};
    if (what.check_interface && !system.assignable(interface, wanted))
      return caf::make_error(errc::wrong_interface, what.name,
                             "it offers: " + join({interface.begin(), interface.end()}));
    return actor;
  } catch (const argument_mismatch& mismatch) {
    return caf::make_error(errc::wrong_arguments, what.name,
                           std::string{mismatch.what()} + ", got " + transport::type_names(arguments));
  } catch (...) {
    return caf::make_error(errc::constructor_failed, what.name, transport::thrown_text());
  }
}

} // namespace bulkhead::runtime
