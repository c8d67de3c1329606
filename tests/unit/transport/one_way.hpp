#pragma once

#include "unit/transport/edges.hpp"

#include <vector>

namespace one_way_edge {

using namespace edges;
using transport::envelope;
using transport::incoming;
using transport::outbox;
using transport::record_kind;
using send_outcome = transport::outbox::outcome;

struct seen_record {
  record_kind kind;
  envelope head;
  size_t bytes;
};

struct number_log final : outbox::acceptance {
  bool accepted(const transport::record_counts& number) override {
    numbers.push_back(number);
    return accepts;
  }
  bool accepts = true;
  std::vector<transport::record_counts> numbers;
};

struct one_way {
  explicit one_way(transport::outbox_limits limits = {}) : ends(make_pair(small)), out(make_outbox(ends.host, limits)) {
    // nop
  }

  // Reads all that the sender has, as both loops would.
  std::vector<seen_record> read_all() {
    std::vector<seen_record> result;
    for (;;) {
      out.pump();
      incoming record;
      size_t count = 0;
      while (in.next(record) == transport::inbox::outcome::record) {
        result.push_back({record.kind, record.head, record.body.size()});
        ++count;
      }
      (void) in.publish_consumed();
      if (count == 0 && !out.has_waiting())
        return result;
    }
  }

  send_outcome send(uint64_t source, uint64_t target, uint64_t word, size_t bytes) {
    return out.send(record_kind::message, 0, {target, source, word, 1, 0}, caf::byte_buffer(bytes));
  }

  edge_pair ends;
  outbox out;
  transport::inbox in = make_inbox(ends.worker);
};

} // namespace one_way_edge
