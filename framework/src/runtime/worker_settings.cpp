#include "bulkhead/runtime/worker_settings.hpp"

#include "bulkhead/transport/errc.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/config_option.hpp>
#include <caf/config_option_set.hpp>
#include <caf/config_value.hpp>
#include <caf/pec.hpp>
#include <caf/settings.hpp>

#include <fstream>
#include <utility>

namespace bulkhead::runtime {

namespace {

constexpr const char* config_file = "config-file";

struct handed_settings {
  caf::settings values;
  std::vector<std::string> remainder;
  std::vector<std::string> arguments;

  template <class Inspector>
  friend bool inspect(Inspector& f, handed_settings& x) {
    return f.object(x).fields(f.field("values", x.values), f.field("remainder", x.remainder),
                              f.field("arguments", x.arguments));
  }
};

void erase(caf::settings& from, caf::string_view name) {
  if (auto i = from.find(name); i != from.end())
    from.container().erase(i);
}

caf::settings* part_of(caf::settings& whole, caf::string_view name) {
  auto i = whole.find(name);
  return i != whole.end() ? caf::get_if<caf::settings>(&i->second) : nullptr;
}

// A worker has one thread that runs actors. A port has one owner, and so has the file of a log.
void remove_host_part(caf::settings& all) {
  for (auto name : {"bulkhead", config_file, "help", "long-help", "dump-config"})
    erase(all, std::string{name});
  auto of_caf = part_of(all, "caf");
  if (of_caf == nullptr)
    return;
  erase(*of_caf, "scheduler");
  erase(*of_caf, "middleman");
  if (auto logger = part_of(*of_caf, "logger")) {
    if (auto file = part_of(*logger, "file"))
      erase(*file, "path");
  }
}

caf::error wrong_option(const std::string& name, const std::string& why) {
  return caf::make_error(errc::invalid_option, name + ": " + why);
}

void merge(caf::settings& into, caf::settings from) {
  for (auto& [name, value] : from) {
    auto inner = caf::get_if<caf::settings>(&value);
    auto existing = part_of(into, name);
    if (inner != nullptr && existing != nullptr)
      merge(*existing, std::move(*inner));
    else
      into.insert_or_assign(name, std::move(value));
  }
}

// An option may be bound to a member, which CAF sets when it parses.
caf::error set_members(caf::actor_system_config& cfg) {
  for (auto& option : cfg.custom_options()) {
    auto view = option.category() == "global" ? option.long_name() : option.full_name();
    std::string name{view.begin(), view.end()};
    auto value = caf::get_if(&cfg.content, name);
    if (value == nullptr)
      continue;
    if (auto failed = option.sync(*const_cast<caf::config_value*>(value)))
      return wrong_option(name, to_string(failed));
  }
  return {};
}

caf::error read_file(const std::string& path, caf::actor_system_config& cfg) {
  std::ifstream file{path};
  if (!file)
    return wrong_option(config_file, path + " cannot be opened");
  if (auto failed = caf::actor_system_config::parse_config(file, cfg.custom_options(), cfg.content))
    return wrong_option(config_file, path + ": " + to_string(failed));
  return {};
}

caf::error parse(const std::vector<std::string>& arguments, caf::actor_system_config& cfg) {
  // As CAF does it: a file named by the arguments counts less than they do.
  for (auto& x : arguments) {
    constexpr std::string_view prefix = "--config-file=";
    if (x.starts_with(prefix))
      if (auto failed = read_file(x.substr(prefix.size()), cfg))
        return failed;
  }
  for (auto i = arguments.begin(); i != arguments.end(); ++i) {
    auto [result, stop] = cfg.custom_options().parse(cfg.content, i, arguments.end());
    if (stop == arguments.end())
      return {};
    if (result != caf::pec::success && result != caf::pec::not_an_option && stop->starts_with('-'))
      return wrong_option(*stop, to_string(result));
    cfg.remainder.push_back(*stop);
    i = stop;
  }
  return {};
}

} // namespace

caf::expected<caf::byte_buffer> settings_for_worker(const caf::actor_system_config& host,
                                                    const std::vector<std::string>& arguments) {
  caf::byte_buffer result;
  handed_settings what{caf::content(host), host.remainder, arguments};
  remove_host_part(what.values);
  if (what.values.empty() && what.remainder.empty() && what.arguments.empty())
    return result;
  caf::binary_serializer sink{nullptr, result};
  if (!sink.apply(what))
    return caf::make_error(errc::encode_failed, std::string{"the configuration"}, to_string(sink.get_error()));
  return result;
}

caf::error take_settings(std::span<const std::byte> encoded, caf::actor_system_config& cfg) {
  handed_settings what;
  caf::binary_deserializer source{nullptr, encoded.data(), encoded.size()};
  if (!source.apply(what))
    return caf::make_error(errc::decode_failed, std::string{"the configuration"}, to_string(source.get_error()));
  merge(cfg.content, std::move(what.values));
  if (auto failed = set_members(cfg))
    return failed;
  cfg.remainder = std::move(what.remainder);
  if (auto own = std::move(what.arguments); !own.empty()) {
    cfg.remainder.clear();
    return parse(own, cfg);
  }
  return {};
}

} // namespace bulkhead::runtime
