#pragma once

#include "bulkhead/runtime/export_table.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace bulkhead::runtime {

/// An actor that handles nothing until another one has handled something, or has answered.
struct wait_edge {
  /// Of this wait, unique in the process of the actor that waits.
  uint64_t id = 0;
  wire_address waits{};
  wire_address on{};
  /// Number of the request whose response is awaited; 0 if it is room that is waited for.
  uint64_t request = 0;
  /// Bits that the number has besides in other processes.
  uint64_t tag = 0;
  /// In whose handler that one was made: another request, and who made it; number 0 if there is none.
  uint64_t cause = 0;
  wire_address cause_of{};
  /// Whether no handler was entered for the request yet.
  bool untouched = false;
  /// The request waits for the first of these that goes on, and `on` does not count; empty if it waits for `on`.
  std::vector<wire_address> any_of{};
  /// In which the actor that waits is; a root's address does not tell.
  transport::process_number process = transport::host_process;

  friend bool operator==(const wait_edge&, const wait_edge&) = default;
};

/// Who waits for whom in all processes of a host, and the circles in it: there nobody can go on (Holt: Some deadlock properties of
/// computer systems, 1972). Processes tell at their own pace, so a circle counts only if all of it stands still after each process
/// in it has told anew: then there was a moment in which all waited at once.
///
/// An actor that awaits a response may have handed another request on before, to somebody who answers it meanwhile. So the wait for
/// a request counts only if that has not been handled, or if what its receiver awaits was requested in the handler. One that waits for
/// any member of a pool counts only if none of the members can go on.
///
/// Thread safety: none.
class wait_graph {
public:
  /// All that wait in one process just now. Their addresses are those by which others know them.
  void update(transport::process_number process, std::vector<wait_edge> edges);

  void forget(transport::process_number process);

  /// The circles that were found at an earlier look, still stand, and were not returned before.
  [[nodiscard]] std::vector<std::vector<wait_edge>> look();

  /// The processes that must tell anew before a circle that was seen counts.
  [[nodiscard]] std::set<transport::process_number> asked() const;

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
  [[nodiscard]] bool has_told_since(const candidate& then, transport::process_number process) const;
  [[nodiscard]] bool all_told_since(const candidate& then) const;

  std::map<transport::process_number, process_state> known_;
  std::map<circle_name, candidate> candidates_;
};

/// "actor 17 in host (request 4) -> actor 12 in worker process 3 -> actor 17 in host"
[[nodiscard]] std::string describe(const std::vector<wait_edge>& circle);

} // namespace bulkhead::runtime
