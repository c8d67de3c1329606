#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace thumbnails::tests {

struct reply {
  unsigned status = 0;
  std::string type;
  std::string body;
  bool keeps_alive = false;
};

/// One connection of HTTP, blocking.
class client {
public:
  explicit client(uint16_t port);
  ~client();

  client(client&&) noexcept;

  void send(std::string_view method, std::string_view target, std::string_view body = {}, bool keep_alive = true);

  /// Sends bytes as they are.
  void send_raw(std::string_view text);

  /// Status 0: the connection ended.
  reply receive();

  /// The header of an answer as bytes, its body left out; empty if the connection ended.
  std::string receive_header();

  /// Says that nothing more comes.
  void end_sending();

  reply exchange(std::string_view method, std::string_view target, std::string_view body = {}) {
    send(method, target, body);
    return receive();
  }

  /// Whether the server has closed the connection, without another byte. Waits for one or the other.
  bool is_at_end();

private:
  struct connection;
  std::unique_ptr<connection> impl_;
};

} // namespace thumbnails::tests
