#include "bulkhead/shm/flight_recorder.hpp"

#include <algorithm>
#include <cstring>

namespace bulkhead::shm {

namespace {

/// So many slots are tried: `next` may be behind by that much if a thread stopped for long before it wrote it.
constexpr size_t claims_max = recorded_events_max;
constexpr uint64_t no_position = ~uint64_t{0};

constexpr size_t index_of(uint64_t position) noexcept {
  return position % recorded_events_max;
}

// Relaxed, where nothing else is said here and below: nobody reads before the writer's process is gone, and what a dead process has
// stored is all there. Only the order of the program must be kept, from the claim of a slot to its completion.
template <class T>
void put(std::atomic<T>& word, T value) noexcept {
  word.store(value, std::memory_order_relaxed);
}

template <class T>
T get(const std::atomic<T>& word) noexcept {
  return word.load(std::memory_order_relaxed);
}

} // namespace

uint64_t flight_recorder::claim() noexcept {
  auto position = get(memory_->next);
  for (size_t tries = 0; tries < claims_max; ++tries, ++position) {
    auto& sequence = memory_->slots[index_of(position)].sequence;
    auto seen = get(sequence);
    if (seen % 2 != 0 || seen > 2 * position)
      continue;                                                   // another thread is there, or was
    if (!sequence.compare_exchange_strong(seen, 2 * position + 1, // sync: complete/claim
                                          std::memory_order_acquire, std::memory_order_relaxed))
      continue;
    put(memory_->next, position + 1);
    return position;
  }
  put(memory_->next, position); // so that the next one goes on from there
  return no_position;
}

void flight_recorder::complete(uint64_t position) noexcept {
  memory_->slots[index_of(position)].sequence.store(2 * position + 2,
                                                    std::memory_order_release); // sync: complete/claim
}

flight_recorder::ticket flight_recorder::begin(const recorded_message& what, uint64_t time_ns) noexcept {
  auto position = claim();
  if (position == no_position)
    return 0;
  auto& slot = memory_->slots[index_of(position)];
  put(slot.time_ns, time_ns);
  put(slot.sender, what.sender);
  put(slot.receiver, what.receiver);
  put(slot.request, what.request);
  put(slot.types, what.types);
  put(slot.sender_process, what.sender_process);
  put(slot.bytes, what.bytes);
  put(slot.kind, static_cast<uint32_t>(recorded_kind::message));
  complete(position);
  return position + 1;
}

void flight_recorder::end(ticket which) noexcept {
  if (which != 0)
    put(memory_->slots[index_of(which - 1)].ended, static_cast<uint32_t>(which));
}

void flight_recorder::mark(std::string_view text, uint64_t time_ns) noexcept {
  auto position = claim();
  if (position == no_position)
    return;
  memory_->marks.fetch_add(1, std::memory_order_relaxed);
  auto& slot = memory_->slots[index_of(position)];
  put(slot.time_ns, time_ns);
  put(slot.kind, static_cast<uint32_t>(recorded_kind::mark));
  auto& words = memory_->texts[index_of(position)].words;
  for (auto& word : words) {
    uint64_t part = 0;
    auto size = std::min(text.size(), sizeof part);
    std::memcpy(&part, text.data(), size);
    text.remove_prefix(size);
    put(word, part);
  }
  complete(position);
}

recorded_flight read_flight(const recorder_memory& memory) {
  recorded_flight result;
  uint64_t count = 0;
  for (size_t i = 0; i < recorded_events_max; ++i) {
    auto& slot = memory.slots[i];
    auto sequence = get(slot.sequence);
    auto position = sequence / 2 - 1;
    if (sequence == 0 || sequence % 2 != 0 || index_of(position) != i)
      continue;
    recorded_event what;
    what.position = position;
    what.time_ns = get(slot.time_ns);
    what.message = {get(slot.sender), get(slot.receiver),       get(slot.request),
                    get(slot.types),  get(slot.sender_process), get(slot.bytes)};
    auto kind = get(slot.kind);
    if (kind == static_cast<uint32_t>(recorded_kind::message))
      what.kind = recorded_kind::message;
    else if (kind == static_cast<uint32_t>(recorded_kind::mark))
      what.kind = recorded_kind::mark;
    else
      continue;
    what.ended = get(slot.ended) == static_cast<uint32_t>(position + 1);
    for (size_t word = 0; what.kind == recorded_kind::mark && word < std::size(memory.texts[i].words); ++word) {
      auto part = get(memory.texts[i].words[word]);
      std::memcpy(what.text + word * sizeof part, &part, sizeof part);
    }
    count = std::max(count, position + 1);
    result.events.push_back(what);
  }
  std::sort(result.events.begin(), result.events.end(), [](auto& x, auto& y) { return x.position < y.position; });
  result.messages = count - std::min(count, get(memory.marks));
  return result;
}

} // namespace bulkhead::shm
