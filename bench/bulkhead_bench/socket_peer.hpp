#pragma once

#include "os.hpp"

#include <cstddef>
#include <span>

namespace bench::os {

/// Two processes at the other ends of Unix sockets: one sends back what it gets, one sends packets without pause.
class socket_peer {
public:
  static constexpr size_t packet_bytes = 64;

  socket_peer();
  ~socket_peer();
  socket_peer(const socket_peer&) = delete;

  /// Sends a packet and waits until it comes back.
  void round_trip();

  /// Takes the next packet of the other one.
  void receive();

private:
  int echo_;
  int flood_;
  child echoing_;
  child flooding_;
};

} // namespace bench::os
