#include "hostile/worker/raw_worker.hpp"

#include "support/types.hpp"

#include <bulkhead/main.hpp>

#include <cstring>
#include <iostream>
#include <map>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace hostile {

using namespace bulkhead::transport;

namespace {

std::map<std::string, habit>& all_habits() {
  static std::map<std::string, habit> all;
  return all;
}

} // namespace

habits::habits(std::initializer_list<std::pair<const char*, habit>> some) {
  for (auto& [name, what] : some)
    if (!all_habits().emplace(name, what).second) {
      std::cerr << "there are two habits '" << name << "'\n";
      ::_exit(65);
    }
}

habit habits::find(const std::string& name) {
  auto i = all_habits().find(name);
  if (i == all_habits().end()) {
    std::cerr << "there is no habit '" << name << "'\n";
    ::_exit(64);
  }
  return i->second;
}

caf::byte_buffer encoded(const caf::message& content) {
  caf::mailbox_element what{nullptr, caf::make_message_id(), {}, content};
  caf::byte_buffer body;
  uint16_t flags = 0;
  (void) encode(nullptr, what, body, flags, nullptr);
  return body;
}

raw_worker::raw_worker(edge its_end, const hello& its_host, std::vector<std::string> its_arguments)
  : end(std::move(its_end)),
    host(its_host),
    number(host.number),
    in(end.own.data(), end.peer.data(), end.rings, host.message_bytes_max),
    out(end.own.data(), end.peer.data(), end.rings, end.peer_bell, end.own_bell, {}),
    control_ring(end.own.data() + bulkhead::shm::ring_offset(end.rings, bulkhead::shm::lane_id::control)),
    data_ring(end.own.data() + bulkhead::shm::ring_offset(end.rings, bulkhead::shm::lane_id::data)),
    header(bulkhead::shm::header_of(end.own.data())),
    arguments(std::move(its_arguments)) {
  // nop
}

void raw_worker::serve(const std::string& name) {
  incoming record;
  for (;;) {
    while (in.next(record) == inbox::outcome::record)
      handle(record, name);
    if (in.publish_consumed())
      end.peer_bell.ring();
    out.pump();
    pollfd waiting{end.own_bell.fd(), POLLIN, 0};
    ::poll(&waiting, 1, 1);
  }
}

void raw_worker::handle(const incoming& record, const std::string& name) {
  auto& head = record.head;
  auto released = record.kind == record_kind::release && head.target_process == host_process && head.target == root;
  if (record.kind == record_kind::stop || released)
    ::_exit(0);
  if (record.kind == record_kind::spawn) {
    root = head.target;
    send(record_kind::rooted, {root, own_actor, 0, 0, number});
    send(record_kind::spawned, {root, 0, 0, 0, number}, encode_reason(nullptr, {}, 1024));
  }
  if (record.kind != record_kind::message)
    return;
  if (!done_) {
    done_ = true;
    asked = head;
    asked_body.assign(record.body.begin(), record.body.end());
    habits::find(name)(*this);
  }
  if (goes_back_after > 0 && --goes_back_after == 0) { // by now the host has looked
    header->consumed[0] = 0;
    freeze();
  }
  answer(head);
}

void raw_worker::answer(const envelope& head) {
  auto response = caf::make_message_id(head.word).response_id();
  send(record_kind::message, {head.source, own_actor, response.integer_value(), head.source_process, number},
       encoded(caf::make_message(int32_t{1})));
}

void raw_worker::send(record_kind kind, const envelope& head, caf::byte_buffer body, uint16_t flags) {
  (void) out.send(kind, flags, head, std::move(body));
}

void raw_worker::push(record_kind kind, const envelope& head, const caf::byte_buffer& body, uint16_t flags) {
  send(kind, head, body, flags);
  while (out.has_waiting()) {
    out.pump();
    pollfd waiting{end.own_bell.fd(), POLLIN, 0};
    if (out.has_waiting())
      ::poll(&waiting, 1, 1);
  }
}

void raw_worker::raw(bulkhead::shm::record_header what, uint64_t published) {
  std::memcpy(control_ring, &what, sizeof(what));
  header->published[1].store(published);
  end.peer_bell.ring();
}

void raw_worker::freeze() {
  end.peer_bell.ring();
  for (;;)
    ::pause();
}

} // namespace hostile

int main(int argc, char** argv) {
  using namespace bulkhead::transport;
  using bulkhead::platform::unique_fd;
  if (argc < 2)
    return 64;
  bulkhead::init_types<caf::id_block::test>();
  auto host = receive_hello(worker_fd::control);
  if (!host)
    return 64;
  auto end =
    adopt_edge(host->geometry, unique_fd{worker_fd::down_region}, unique_fd{worker_fd::up_region},
               unique_fd{worker_fd::worker_bell}, unique_fd{worker_fd::host_bell}, unique_fd{worker_fd::channel});
  if (!end || !send_verdict(worker_fd::control, {}))
    return 1;
  hostile::raw_worker{std::move(*end), *host, {argv + 2, argv + argc}}.serve(argv[1]);
}
