#include "edges.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

using namespace edges;
using transport::envelope;
using transport::incoming;
using transport::record_kind;
using read_outcome = transport::inbox::outcome;

namespace {

constexpr uint64_t bytes_max = 10'000;

// An inbox whose peer writes whatever a test wants.
struct lying_peer {
  explicit lying_peer(shm::geometry rings = {uint32_t{1} << 20, 4096}) : ends(make_pair(rings)) {
    // nop
  }

  void put(uint16_t kind, const envelope& head, size_t bytes, shm::lane_writer& lane) {
    std::vector<std::byte> body(bytes);
    REQUIRE(lane.put(kind, 0, std::as_bytes(std::span{&head, 1}), body) == shm::lane_writer::outcome::written);
    (void) lane.publish();
  }

  void piece(uint64_t id, uint64_t total, size_t bytes, uint64_t inner = 1) {
    put(static_cast<uint16_t>(record_kind::piece), {id, inner, total, 0, 0}, bytes, data);
  }

  read_outcome read() {
    return in.next(record);
  }

  edge_pair ends;
  shm::lane_writer data{ends.worker.own.data(), ends.worker.peer.data(), ends.worker.rings, shm::lane_id::data};
  shm::lane_writer control{ends.worker.own.data(), ends.worker.peer.data(), ends.worker.rings, shm::lane_id::control};
  transport::inbox in = make_inbox(ends.host, bytes_max);
  incoming record = {};
};

void check_corrupt(lying_peer& peer, const std::string& word) {
  CHECK(peer.read() == read_outcome::corrupt);
  CHECK(peer.in.complaint().find(word) != std::string::npos);
  peer.put(1, {}, 0, peer.data);
  CHECK(peer.read() == read_outcome::corrupt);
}

} // namespace

TEST_CASE("pieces become a whole again, also when two are interleaved") {
  lying_peer peer;
  peer.piece(1, 100, 60);
  peer.piece(2, 50, 50);
  peer.piece(1, 100, 40, 1);
  CHECK(peer.in.no_open_streams());
  REQUIRE(peer.read() == read_outcome::record);
  CHECK(peer.record.body.size() == 50 - sizeof(envelope));
  CHECK_FALSE(peer.in.no_open_streams());
  CHECK(peer.in.completed().data == 1);
  REQUIRE(peer.read() == read_outcome::record);
  CHECK(peer.record.body.size() == 100 - sizeof(envelope));
  CHECK(peer.read() == read_outcome::empty);
  CHECK(peer.in.no_open_streams());
  CHECK(peer.in.completed().data == 2);
}

TEST_CASE("control records come first, and do not count as data") {
  lying_peer peer;
  peer.put(1, {1, 0, 0, 0, 0}, 0, peer.data);
  peer.put(8, {2, 0, 0, 0, 0}, 0, peer.control);
  REQUIRE(peer.read() == read_outcome::record);
  CHECK(peer.record.kind == record_kind::exit);
  CHECK(peer.in.completed().data == 0);
  REQUIRE(peer.read() == read_outcome::record);
  CHECK(peer.in.completed().data == 1);
}

TEST_CASE("each lie about a record in pieces is corrupt") {
  lying_peer peer;
  SECTION("smaller than the fixed part") {
    peer.piece(1, sizeof(envelope) - 1, 1);
    check_corrupt(peer, "size");
  }
  SECTION("larger than any message") {
    peer.piece(1, bytes_max + sizeof(envelope) + 1, 1);
    check_corrupt(peer, "size");
  }
  SECTION("more than was announced") {
    peer.piece(1, 50, 51);
    check_corrupt(peer, "size");
  }
  SECTION("another size than before") {
    peer.piece(1, 50, 10);
    peer.piece(1, 60, 10);
    check_corrupt(peer, "size");
  }
  SECTION("a piece of pieces") {
    peer.piece(1, 50, 50, static_cast<uint64_t>(record_kind::piece));
    check_corrupt(peer, "unknown kind");
  }
  SECTION("a piece in the control lane") {
    peer.put(static_cast<uint16_t>(record_kind::piece), {}, 0, peer.control);
    check_corrupt(peer, "control lane");
  }
  SECTION("more wholes than an honest writer has") {
    for (uint64_t i = 0; i < 4097; ++i)
      peer.piece(i, 50, 1);
    check_corrupt(peer, "too many");
  }
  SECTION("more bytes than an honest writer leaves open") {
    for (uint64_t i = 0; i < 10; ++i)
      peer.piece(i, bytes_max, bytes_max - 1);
    check_corrupt(peer, "too many");
  }
}

TEST_CASE("the largest record that is allowed is put together") {
  lying_peer peer;
  peer.piece(1, bytes_max + sizeof(envelope), bytes_max);
  peer.piece(1, bytes_max + sizeof(envelope), sizeof(envelope));
  REQUIRE(peer.read() == read_outcome::record);
  CHECK(peer.record.body.size() == bytes_max);
}

TEST_CASE("unknown kinds and records without their fixed part are corrupt") {
  for (auto kind : {0, static_cast<int>(transport::last_record_kind) + 1, 0x7fff, 0xfffe}) {
    lying_peer peer;
    peer.put(static_cast<uint16_t>(kind), {}, 0, peer.data);
    check_corrupt(peer, std::to_string(kind));
  }
  lying_peer peer;
  std::byte few[8] = {};
  REQUIRE(peer.data.put(1, 0, few, {}) == shm::lane_writer::outcome::written);
  (void) peer.data.publish();
  check_corrupt(peer, "shorter");
}

TEST_CASE("a body is a copy that the peer cannot change any more") {
  lying_peer peer{small};
  peer.put(1, {}, 100, peer.data);
  REQUIRE(peer.read() == read_outcome::record);
  std::fill_n(peer.ends.worker.own.data() + shm::header_bytes, 4096, std::byte{0xff});
  for (auto x : peer.record.body)
    REQUIRE(x == std::byte{0});
}
