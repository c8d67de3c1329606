// Prints what the configuration holds, in the host and in its workers: as a member of the configuration, as a value, and as what is left
// over of the command line.

#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <chrono>
#include <cstdio>
#include <string>

namespace {

struct configuration : bulkhead::config {
  configuration() {
    opt_group{custom_options_, "app"}.add(quality, "quality", "of pictures").add<std::string>("colour", "of pictures");
    opt_group{custom_options_, "global"}.add(loud, "loud", "whether it talks");
  }

  int32_t quality = 50;
  bool loud = false;
};

std::string seen_by(caf::actor_system& sys) {
  auto& cfg = dynamic_cast<const configuration&>(sys.config());
  std::string result = "quality " + std::to_string(cfg.quality) + ", value "
                       + std::to_string(caf::get_or(cfg, "app.quality", int64_t{-1})) + ", colour "
                       + caf::get_or(cfg, "app.colour", "none") + ", threads "
                       + std::to_string(caf::get_or(cfg, "caf.scheduler.max-threads", int64_t{0}));
  if (cfg.loud)
    result += ", loud";
  for (auto& x : cfg.remainder)
    result += ", " + x;
  return result;
}

caf::behavior reader(caf::event_based_actor* self) {
  return {[self](caf::get_atom) { return seen_by(self->system()); }};
}

void show(caf::actor_system& sys, const char* where, const caf::expected<caf::actor>& actor) {
  constexpr std::chrono::minutes patience{1};
  if (!actor) {
    std::printf("%s: %s\n", where, to_string(actor.error()).c_str());
    return;
  }
  caf::scoped_actor self{sys};
  self->request(*actor, patience, caf::get_atom_v)
    .receive([&](const std::string& seen) { std::printf("%s: %s\n", where, seen.c_str()); },
             [&](const caf::error& failed) { std::printf("%s: %s\n", where, to_string(failed).c_str()); });
}

void caf_main(caf::actor_system& sys, const configuration&) {
  std::printf("host: %s\n", seen_by(sys).c_str());
  auto host = bulkhead::host::of(sys);
  show(sys, "worker", host.spawn("reader"));
  bulkhead::worker_options options;
  options.fork_server = true;
  show(sys, "copy", host.spawn("reader", options));
  options.arguments = {"--app.quality=99", "--unknown=1", "word"};
  show(sys, "copy with arguments", host.spawn("reader", options));
  options.fork_server = false;
  show(sys, "with arguments", host.spawn("reader", options));
  options.arguments = {"--app.quality=much"};
  show(sys, "with a wrong argument", host.spawn("reader", options));
}

} // namespace

BULKHEAD_MAIN(bulkhead::heavy<"reader", reader>)
