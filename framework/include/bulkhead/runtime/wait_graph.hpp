#pragma once

#include "bulkhead/runtime/export_table.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace bulkhead::runtime {

/// An actor that is not resumed until another one has handled something.
struct wait_edge {
  /// Of this wait, unique in the process of the actor that waits.
  uint64_t id = 0;
  wire_address waits;
  wire_address on;
  /// In which the actor that waits is; a root's address does not tell.
  transport::process_number process = transport::host_process;

  friend bool operator==(const wait_edge&, const wait_edge&) = default;
};

/// Who waits for whom in all processes of a host, and the circles in it: there nobody can go on (Holt: Some deadlock properties of
/// computer systems, 1972). Processes tell at their own pace, so a circle counts only if all of it stands still after each process
/// in it has told anew: then there was a moment in which all waited at once.
///
/// Thread safety: none.
class wait_graph {
public:
  /// All that wait in one process just now. Their addresses are those by which others know them.
  void update(transport::process_number process, std::vector<wait_edge> edges);

  void forget(transport::process_number process);

  /// The circles that were found at an earlier look, still stand, and were not returned before.
  [[nodiscard]] std::vector<std::vector<wait_edge>> look();

  [[nodiscard]] bool empty() const noexcept {
    return known_.empty();
  }

private:
  struct process_state {
    std::vector<wait_edge> edges;
    uint64_t updates = 0;
  };

  struct candidate {
    std::map<transport::process_number, uint64_t> updates;
    bool returned = false;
  };

  using wait_name = std::pair<transport::process_number, uint64_t>;
  using circle_name = std::set<wait_name>;

  [[nodiscard]] std::vector<std::vector<wait_edge>> circles() const;
  [[nodiscard]] candidate now(const std::vector<wait_edge>& circle) const;
  [[nodiscard]] bool all_told_since(const candidate& then) const;

  std::map<transport::process_number, process_state> known_;
  std::map<circle_name, candidate> candidates_;
};

/// "actor 17 in host -> actor 12 in worker process 3 -> actor 17 in host"
[[nodiscard]] std::string describe(const std::vector<wait_edge>& circle);

} // namespace bulkhead::runtime
