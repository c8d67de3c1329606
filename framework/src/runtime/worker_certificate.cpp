// The certificate of a worker that died: what the host knows, and what the process has left.

#include "bulkhead/platform/clock.hpp"
#include "bulkhead/platform/signal_meaning.hpp"
#include "bulkhead/runtime/host_system.hpp"
#include "bulkhead/runtime/worker_process.hpp"

#include <caf/message_id.hpp>
#include <caf/type_id.hpp>

#include <algorithm>
#include <chrono>

namespace bulkhead::runtime {

namespace {

constexpr size_t handling_max = 64;
constexpr uint64_t ns_per_ms = 1'000'000;

std::string names_of(uint64_t types) {
  std::string result;
  for (unsigned i = 0; i < 4; ++i) {
    auto id = static_cast<caf::type_id_t>(types >> 16 * i);
    if (id == shm::no_type)
      break;
    auto name = caf::query_type_name(id);
    result += (result.empty() ? "" : ", ") + (name.empty() ? "?" : std::string{name.begin(), name.end()});
  }
  return "(" + result + ")";
}

message_head head_of(const shm::recorded_message& what) {
  caf::message_id mid{what.request};
  auto request = mid.is_request() ? mid.request_id().integer_value() : 0;
  return {names_of(what.types), what.sender, what.receiver, what.sender_process, request, what.bytes};
}

worker_event event_of(const shm::recorded_event& what, uint64_t now_ns) {
  worker_event result;
  result.before_end_ms = (now_ns - std::min(now_ns, what.time_ns)) / ns_per_ms;
  if (what.kind == shm::recorded_kind::mark) {
    result.text = printable(platform::text_in(what.text), sizeof what.text);
    return result;
  }
  result.what = what.ended ? worker_event_kind::handled : worker_event_kind::handling;
  result.message = head_of(what.message);
  return result;
}

void add_flight(death_certificate& to, const shm::recorder_memory& memory, uint64_t now_ns) {
  auto flight = shm::read_flight(memory);
  for (auto& x : flight.events) {
    to.events.push_back(event_of(x, now_ns));
    if (to.events.back().what == worker_event_kind::handling && to.handling.size() < handling_max)
      to.handling.push_back(to.events.back().message);
  }
  to.messages_handled = flight.messages - std::min<uint64_t>(flight.messages, to.handling.size());
}

void add_lines(death_certificate& to, const written_lines& lines, uint64_t now_ns) {
  to.last_lines = lines.errors();
  for (auto& x : lines.all()) {
    worker_event line;
    line.what = worker_event_kind::line;
    line.before_end_ms = (now_ns - std::min(now_ns, x.time_ns)) / ns_per_ms;
    line.text = x.text;
    to.events.push_back(std::move(line));
  }
  std::stable_sort(to.events.begin(), to.events.end(),
                   [](auto& x, auto& y) { return x.before_end_ms > y.before_end_ms; });
}

} // namespace

// In the turn in which the link was closed at the latest: the memory of the dead process goes in a later one.
void worker_process::report_death(const worker_death& death, const std::map<uint64_t, root>& left) {
  draft_certificate draft;
  auto& what = draft.what;
  auto now_ns = platform::now_ns();
  what.death = death;
  what.at_unix_ms = platform::unix_now_ms();
  auto lived = std::chrono::steady_clock::now() - started_at_;
  what.uptime_ms = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(lived).count());
  auto status = process_->try_reap().value_or(platform::exit_status{});
  if (status.how == platform::exit_status::kind::signaled)
    what.meaning = platform::signal_meaning(status.value);
  what.core_dumped = process_->dumped_core();
  auto& used = process_->used();
  what.user_time_us = static_cast<uint64_t>(used.user_time.count());
  what.system_time_us = static_cast<uint64_t>(used.system_time.count());
  what.memory_peak_bytes = used.memory_peak_bytes;
  std::unique_lock guard{mutex_};
  for (auto& [id, x] : left)
    what.roots.push_back(x.name);
  what.limit = limit_;
  what.limit_value = limit_value_;
  auto via = link_;
  guard.unlock();
  what.ordered = killed_ && death.cause == death_cause::signaled && what.limit.empty();
  if (death.cause == death_cause::out_of_memory && what.limit.empty()) {
    what.limit = "memory_bytes_max";
    what.limit_value = options_.memory_bytes_max;
  }
  if (via || edge_) {
    auto& box = via ? via->black_box() : transport::black_box_of_peer(*edge_);
    draft.scene = box.scene;
    add_flight(what, box.recorder, now_ns);
  }
  add_lines(what, lines_, now_ns);
  host_.report(std::move(draft));
}

} // namespace bulkhead::runtime
