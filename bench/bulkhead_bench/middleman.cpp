// CAF's own way into another process.
#include "middleman.hpp"

#include "measurements.hpp"
#include "os.hpp"
#include "systems.hpp"

#include <caf/io/middleman.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

namespace bench {

namespace {

struct middleman_system {
  struct config : caf::actor_system_config {
    config() {
      load<caf::io::middleman>();
    }
  } cfg;
  caf::actor_system system{cfg};
};

} // namespace

int middleman_echo() {
  middleman_system server;
  auto port = server.system.middleman().publish(server.system.spawn(echo), 0, "127.0.0.1");
  if (!port)
    fail(to_string(port.error()));
  std::printf("%u\n", unsigned{*port});
  std::fflush(stdout);
  // Until whoever started it kills it.
  for (;;)
    std::this_thread::sleep_for(std::chrono::hours{1});
}

struct middleman_peer::content {
  os::started server = os::start_self(middleman_echo_argument);
  middleman_system client;
  caf::actor remote;
};

middleman_peer::middleman_peer() : content_(std::make_unique<content>()) {
  auto port = static_cast<uint16_t>(std::stoul(content_->server.line));
  auto remote = content_->client.system.middleman().remote_actor("127.0.0.1", port);
  if (!remote)
    fail(to_string(remote.error()));
  content_->remote = std::move(*remote);
}

middleman_peer::~middleman_peer() = default;

caf::actor_system& middleman_peer::system() noexcept {
  return content_->client.system;
}

const caf::actor& middleman_peer::actor() const noexcept {
  return content_->remote;
}

} // namespace bench
