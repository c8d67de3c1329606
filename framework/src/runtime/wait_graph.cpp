#include "bulkhead/runtime/wait_graph.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

std::string name_of(const wait_edge& x) {
  auto process =
    x.process == transport::host_process ? std::string{"host"} : "worker process " + std::to_string(x.process);
  return "actor " + std::to_string(x.waits.actor) + " in " + process;
}

// Whether the one for whom `x` waits cannot go on before `next` is over.
bool holds_up(const wait_edge& x, const wait_edge& next) {
  return x.request == 0 || x.untouched
         || (next.request != 0 && next.cause == (x.request | x.tag) && next.cause_of == x.waits);
}

bool holds(const std::vector<wait_edge>& circle) {
  for (size_t i = 0; i < circle.size(); ++i)
    if (!holds_up(circle[i], circle[(i + 1) % circle.size()]))
      return false;
  return true;
}

using edge_map = boost::unordered_flat_map<wire_address, wait_edge, wire_address_hash>;

bool is_stuck(const wait_edge& x, const edge_map& all) {
  if (!x.any_of.empty())
    return std::all_of(x.any_of.begin(), x.any_of.end(), [&](auto& who) { return all.contains(who); });
  auto next = all.find(x.on);
  return next != all.end() && holds_up(x, next->second);
}

// Leaves those that can only go on when another one of them does.
void keep_stuck(edge_map& all) {
  std::vector<wire_address> free;
  do {
    free.clear();
    for (auto& [who, x] : all)
      if (!is_stuck(x, all))
        free.push_back(who);
    for (auto& who : free)
      all.erase(who);
  } while (!free.empty());
}

} // namespace

void wait_graph::update(transport::process_number process, std::vector<wait_edge> edges) {
  if (edges.empty()) {
    known_.erase(process);
    return;
  }
  auto& state = known_[process];
  state.edges = std::move(edges);
  for (auto& x : state.edges)
    x.process = process;
  ++state.updates;
}

void wait_graph::forget(transport::process_number process) {
  known_.erase(process);
}

// Each actor waits for one at most, so every way is a line that ends or runs into a circle.
std::vector<std::vector<wait_edge>> wait_graph::circles() const {
  edge_map next;
  for (auto& [process, state] : known_)
    for (auto& x : state.edges)
      next.insert_or_assign(x.waits, x);
  keep_stuck(next);
  for (auto& [who, x] : next)
    if (!x.any_of.empty())
      x.on = x.any_of.front();
  boost::unordered_flat_map<wire_address, size_t, wire_address_hash> walked;
  std::vector<std::vector<wait_edge>> result;
  size_t walk = 0;
  for (auto& [start, first] : next) {
    ++walk;
    std::vector<wait_edge> way;
    auto i = next.find(start);
    while (i != next.end() && walked.try_emplace(i->first, walk).second) {
      way.push_back(i->second);
      i = next.find(i->second.on);
    }
    if (i == next.end() || walked[i->first] != walk)
      continue;
    auto begin = std::find(way.begin(), way.end(), i->second);
    std::vector<wait_edge> circle{begin, way.end()};
    if (holds(circle))
      result.push_back(std::move(circle));
  }
  return result;
}

wait_graph::candidate wait_graph::now(const std::vector<wait_edge>& circle) const {
  candidate result;
  for (auto& x : circle)
    result.updates[x.process] = known_.at(x.process).updates;
  // Nor may any of those go on that could do instead of one in the circle.
  for (auto& [process, state] : known_)
    for (auto& x : circle)
      if (std::any_of(state.edges.begin(), state.edges.end(), [&](auto& edge) {
            return std::find(x.any_of.begin(), x.any_of.end(), edge.waits) != x.any_of.end();
          }))
        result.updates[process] = state.updates;
  return result;
}

bool wait_graph::has_told_since(const candidate& then, transport::process_number process) const {
  auto i = known_.find(process);
  return i != known_.end() && i->second.updates > then.updates.at(process);
}

bool wait_graph::all_told_since(const candidate& then) const {
  return std::all_of(then.updates.begin(), then.updates.end(), [&](auto& x) { return has_told_since(then, x.first); });
}

std::set<transport::process_number> wait_graph::asked() const {
  std::set<transport::process_number> result;
  for (auto& [name, what] : candidates_)
    for (auto& [process, updates] : what.updates)
      if (!what.returned && !has_told_since(what, process))
        result.insert(process);
  return result;
}

std::vector<std::vector<wait_edge>> wait_graph::look() {
  std::vector<std::vector<wait_edge>> result;
  std::map<circle_name, candidate> standing;
  for (auto& circle : circles()) {
    circle_name name;
    for (auto& x : circle)
      name.emplace(x.process, x.id);
    auto before = candidates_.find(name);
    auto& kept = standing[name] = before != candidates_.end() ? before->second : now(circle);
    if (before == candidates_.end() || kept.returned || !all_told_since(kept))
      continue;
    kept.returned = true;
    result.push_back(std::move(circle));
  }
  candidates_ = std::move(standing);
  return result;
}

std::string describe(const std::vector<wait_edge>& circle) {
  std::string result;
  for (auto& x : circle)
    result += name_of(x) + (x.request != 0 ? " (request " + std::to_string(x.request) + ") -> " : " -> ");
  return circle.empty() ? result : result + name_of(circle.front());
}

} // namespace bulkhead::runtime
