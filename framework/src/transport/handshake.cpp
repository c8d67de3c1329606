#include "bulkhead/transport/handshake.hpp"

#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/transport/death_certificate.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

namespace bulkhead::transport {

namespace {

constexpr size_t verdict_bytes_max = 4096;

std::string differing(const char* what, uint64_t host, uint64_t worker) {
  return std::string{what} + " differs: host " + std::to_string(host) + ", worker " + std::to_string(worker);
}

} // namespace

verdict compare(const hello& theirs, const hello& mine) {
  if (theirs.protocol != mine.protocol)
    return {errc::build_mismatch, differing("the protocol's version", theirs.protocol, mine.protocol)};
  if (theirs.layout != mine.layout)
    return {errc::build_mismatch, differing("the memory layout's version", theirs.layout, mine.layout)};
  if (theirs.caf_version != mine.caf_version)
    return {errc::build_mismatch, differing("the version of CAF", theirs.caf_version, mine.caf_version)};
  if (theirs.type_table != mine.type_table)
    return {errc::build_mismatch, differing("the table of message types (digest)", theirs.type_table, mine.type_table)};
  return {};
}

platform::result<void> send_hello(int socket, const hello& what) {
  return platform::send_packet(socket, std::as_bytes(std::span{&what, 1}));
}

platform::result<hello> receive_hello(int socket) {
  hello result;
  auto got = platform::receive_packet(socket, std::as_writable_bytes(std::span{&result, 1}));
  if (!got)
    return got.error();
  if (*got != sizeof(result) || result.magic != hello::expected_magic)
    return platform::os_error{EPROTO, "hello"};
  return result;
}

platform::result<void> send_verdict(int socket, const verdict& what) {
  auto text = what.text.substr(0, verdict_bytes_max - 1);
  std::string packet(1, static_cast<char>(what.code));
  packet += text;
  return platform::send_packet(socket, std::as_bytes(std::span{packet.data(), packet.size()}));
}

platform::result<verdict> receive_verdict(int socket) {
  std::array<char, verdict_bytes_max> packet;
  auto got = platform::receive_packet(socket, std::as_writable_bytes(std::span{packet}));
  if (!got)
    return got.error();
  if (*got == 0)
    return platform::os_error{ECONNRESET, "verdict"};
  verdict result;
  if (!from_integer(static_cast<uint8_t>(packet[0]), result.code))
    return verdict{errc::startup_failed, "the worker answered the handshake with garbage"};
  result.text = printable({packet.data() + 1, *got - 1}, verdict_bytes_max);
  return result;
}

} // namespace bulkhead::transport
