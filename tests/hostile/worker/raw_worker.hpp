#pragma once

// A worker that speaks the protocol itself, so that it can lie: it comes up as it should, spawns what it is asked for, answers the first
// message as its habit says, and those after that with the number 1.

#include <bulkhead/transport/codec.hpp>
#include <bulkhead/transport/edge.hpp>
#include <bulkhead/transport/handshake.hpp>
#include <bulkhead/transport/inbox.hpp>
#include <bulkhead/transport/outbox.hpp>

#include <caf/byte_buffer.hpp>
#include <caf/message.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace hostile {

using bulkhead::transport::envelope;
using bulkhead::transport::record_kind;

/// What the worker's one actor is called in its own process.
constexpr uint64_t own_actor = 4711;

class raw_worker {
public:
  /// @param arguments for the habit.
  raw_worker(bulkhead::transport::edge end, const bulkhead::transport::hello& host, std::vector<std::string> arguments);

  /// Never returns.
  [[noreturn]] void serve(const std::string& name);

  /// Puts a record into the mailbox, or behind those that wait for room there.
  void send(record_kind kind, const envelope& head, caf::byte_buffer body = {}, uint16_t flags = 0);

  /// The same, and waits until it is in the mailbox: this process stays small, whatever it floods the host with.
  void push(record_kind kind, const envelope& head, const caf::byte_buffer& body = {}, uint16_t flags = 0);

  /// Writes a record into the control lane as it comes, whatever the rules are.
  void raw(bulkhead::shm::record_header header, uint64_t published);

  /// Answers a request with the number 1.
  void answer(const envelope& head);

  /// Ends nothing, and writes nothing any more.
  [[noreturn]] void freeze();

  bulkhead::transport::edge end;
  const bulkhead::transport::hello host;
  const bulkhead::transport::process_number number;
  bulkhead::transport::inbox in;
  bulkhead::transport::outbox out;
  std::byte* const control_ring;
  std::byte* const data_ring;
  bulkhead::shm::region_header<>* const header;

  const std::vector<std::string> arguments;

  /// The host's name for the worker's actor.
  uint64_t root = 0;

  /// The message that the habit answers.
  envelope asked{};
  std::vector<std::byte> asked_body;

  /// Before so many messages more it takes back what it said to have read.
  int goes_back_after = 0;

private:
  void handle(const bulkhead::transport::incoming& record, const std::string& name);

  bool done_ = false;
};

/// As it stands in a record.
[[nodiscard]] caf::byte_buffer encoded(const caf::message& content);

using habit = void (*)(raw_worker&);

/// Makes habits known by name. One static object of it in each file of habits.
class habits {
public:
  habits(std::initializer_list<std::pair<const char*, habit>> some);

  /// Ends the process if there is none of that name.
  [[nodiscard]] static habit find(const std::string& name);
};

} // namespace hostile
