#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/fwd.hpp>

#include <memory>

namespace bench {

/// `echo` in another process, over CAF's own network layer on the loopback device.
class middleman_peer {
public:
  middleman_peer();
  ~middleman_peer();
  middleman_peer(const middleman_peer&) = delete;

  [[nodiscard]] caf::actor_system& system() noexcept;
  [[nodiscard]] const caf::actor& actor() const noexcept;

private:
  struct content;
  std::unique_ptr<content> content_;
};

} // namespace bench
