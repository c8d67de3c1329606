#include "bulkhead/runtime/caf_mark.hpp"

#include "bulkhead/platform/clock.hpp"

#include <caf/binary_serializer.hpp>
#include <caf/serializer.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <typeinfo>
#include <utility>

namespace bulkhead::runtime {

namespace {

class mark;

constexpr size_t nested_max = 64;

/// The messages that the calling thread handles, the innermost last; null for those without a mark. An exception leaves entries
/// behind, until `handlers_over`. Without a destructor: marks may outlive what a thread keeps.
struct handled_now {
  struct message {
    const mark* what;
    shm::flight_recorder* recorder;
    shm::flight_recorder::ticket recorded;
  };

  std::array<message, nested_max> all;
  size_t count;
};

thread_local constinit handled_now entered{};

/// The time of events. A look at the clock costs as much as all else that is recorded of a message, so the messages of one turn of
/// an actor share one, unless its turn before took longer than the clock's tick.
class turn_clock {
public:
  [[nodiscard]] uint64_t time(bool in_turn) noexcept {
    if (messages_++ == 0 || slow_ || !in_turn)
      now_ns_ = platform::coarse_now_ns();
    if (messages_ == 1)
      begin_ns_ = now_ns_;
    return now_ns_;
  }

  void end_turn() noexcept {
    if (messages_ > 1)
      slow_ = platform::coarse_now_ns() - begin_ns_ > tick_ns;
    messages_ = 0;
  }

private:
  static constexpr uint64_t tick_ns = 4'000'000;

  uint64_t now_ns_ = 0;
  uint64_t begin_ns_ = 0;
  uint64_t messages_ = 0;
  bool slow_ = false;
};

thread_local constinit turn_clock event_clock{};

class mark final : public caf::tracing_data {
public:
  mark(std::shared_ptr<handled_log> log, const wire_address& source, uint64_t ticket, uint64_t bytes,
       uint32_t deaths) noexcept
    : log_(std::move(log)), source_(source), ticket_(ticket), bytes_(bytes), deaths_(deaths) {
    // nop
  }

  ~mark() override {
    for (size_t i = 0; i < entered.count; ++i)
      if (entered.all[i].what == this)
        entered.all[i].what = nullptr;
    log_->handled(ticket_, bytes_);
  }

  [[nodiscard]] const wire_address& source() const noexcept {
    return source_;
  }

  // It means nothing in another process.
  bool serialize(caf::serializer&) const override {
    return true;
  }

  bool serialize(caf::binary_serializer&) const override {
    return true;
  }

  void note(shm::ticket_state state) const noexcept {
    if (ticket_ != 0)
      log_->note(ticket_, state);
  }

  void enter() const noexcept {
    note(shm::ticket_state::entered);
  }

  [[nodiscard]] bool lapsed() const noexcept {
    return log_->lapsed(ticket_);
  }

  [[nodiscard]] uint64_t bytes() const noexcept {
    return bytes_;
  }

  [[nodiscard]] uint32_t deaths() const noexcept {
    return deaths_;
  }

private:
  const std::shared_ptr<handled_log> log_;
  const wire_address source_;
  const uint64_t ticket_;
  const uint64_t bytes_;
  const uint32_t deaths_;
};

void make_room() noexcept {
  if (entered.count < nested_max)
    return;
  std::copy(entered.all.begin() + 1, entered.all.end(), entered.all.begin());
  --entered.count;
}

const mark* as_mark(const caf::tracing_data* data) noexcept {
  return data != nullptr && typeid(*data) == typeid(mark) ? static_cast<const mark*>(data) : nullptr;
}

} // namespace

caf::tracing_data_ptr make_mark(std::shared_ptr<handled_log> log, const wire_address& source, uint64_t ticket,
                                uint64_t bytes, uint32_t deaths) {
  return std::make_unique<mark>(std::move(log), source, ticket, bytes, deaths);
}

wire_address source_of(const caf::tracing_data& what) {
  auto known = as_mark(&what);
  return known != nullptr ? known->source() : wire_address{};
}

void handler_entered(const caf::tracing_data* data, shm::flight_recorder& recorder, shm::recorded_message about,
                     bool in_turn) {
  auto what = as_mark(data);
  make_room();
  if (what != nullptr) {
    about.sender = what->source().actor;
    about.sender_process = what->source().process;
    about.bytes = static_cast<uint32_t>(std::min<uint64_t>(what->bytes(), std::numeric_limits<uint32_t>::max()));
    what->enter();
  }
  entered.all[entered.count++] = {what, &recorder, recorder.begin(about, event_clock.time(in_turn))};
}

void handler_omitted() noexcept {
  make_room();
  entered.all[entered.count++] = {};
}

bool has_lapsed(const caf::tracing_data* data) noexcept {
  auto what = as_mark(data);
  return what != nullptr && what->lapsed();
}

void handler_left(bool skipped) {
  if (entered.count == 0)
    return;
  auto& left = entered.all[--entered.count];
  if (left.recorder != nullptr)
    left.recorder->end(left.recorded);
  if (skipped && left.what != nullptr)
    left.what->note(shm::ticket_state::untouched);
}

void handlers_over() noexcept {
  event_clock.end_turn();
  while (entered.count > 0)
    handler_left(false);
}

bool is_overdue(const caf::tracing_data* data) noexcept {
  auto what = as_mark(data);
  return what != nullptr && what->lapsed();
}

uint32_t deaths_before(const caf::tracing_data* data) noexcept {
  auto what = as_mark(data);
  return what != nullptr ? what->deaths() : 0;
}

} // namespace bulkhead::runtime
