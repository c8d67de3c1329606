// Habits with whole records that lie: back pressure, addresses, states, answers.

#include "hostile/worker/raw_worker.hpp"
#include "hostile/worker/payloads.hpp"

#include <bulkhead/transport/type_ids.hpp>

using namespace bulkhead;
using namespace bulkhead::transport;
using namespace hostile;

namespace {

// One habit a line.
// clang-format off
const habits known{
  // back pressure
  {"a ticket is returned that was never given", [](raw_worker& x) { x.send(record_kind::handled, {}, caf::byte_buffer(8)); }},
  {"a ticket is returned twice", [](raw_worker& x) { x.send(record_kind::handled, {}, twice(x.asked.ticket)); }},
  {"a list of tickets is cut off", [](raw_worker& x) { x.send(record_kind::handled, {}, caf::byte_buffer(5)); }},
  {"a list of tickets is empty", [](raw_worker& x) { x.send(record_kind::handled, {}); }},
  {"a report is garbage", [](raw_worker& x) { x.send(record_kind::report, {}, caf::byte_buffer(7, caf::byte{0xff})); }},
  {"it sends more than it may",
   [](raw_worker& x) {
     for (int i = 0; i < 500; ++i)
       x.send(record_kind::message, {x.asked.source, own_actor, 0, x.asked.source_process, x.number}, caf::byte_buffer(1));
   }},
  {"it demands all the time", [](raw_worker& x) {
     for (int i = 0; i < 10'000; ++i)
       x.send(record_kind::demand, {0, 0, static_cast<uint64_t>(i), 0, 0});
   }},
  // records that mean nothing
  {"messages to nobody",
   [](raw_worker& x) {
     for (uint64_t actor : {uint64_t{99'999}, ~uint64_t{0}})
       for (process_number process : {0u, x.number, 1000u, 0xffffffffu, 0xfffffffeu})
         for (uint64_t word : {uint64_t{0}, uint64_t{7}, ~uint64_t{0}, uint64_t{1} << 63})
           x.send(record_kind::message, {actor, actor + 1, word, process, x.number}, caf::byte_buffer(9), 0xfffd);
   }},
  {"responses that nobody asked for", [](raw_worker& x) {
     for (uint64_t id = 1; id < 100; ++id)
       for (uint64_t actor = 1; actor < 50; ++actor)
         x.send(record_kind::message,
                {actor, own_actor, caf::make_message_id(id << 4).response_id().integer_value(), 0, x.number});
   }},
  {"the answer comes twice",
   [](raw_worker& x) { x.answer(x.asked); }},
  {"notices about nobody", [](raw_worker& x) {
     for (auto kind : {record_kind::watch, record_kind::down, record_kind::release, record_kind::link, record_kind::unlink,
                       record_kind::exit, record_kind::rooted, record_kind::spawned, record_kind::frozen})
       for (process_number process : {0u, 1000u, 0xffffffffu})
         for (uint64_t actor : {uint64_t{99'999}, ~uint64_t{0}})
           for (size_t bytes : {size_t{0}, size_t{5}, size_t{500}})
             x.send(kind, {actor, actor, actor, process, x.number}, caf::byte_buffer(bytes, caf::byte{0xa5}));
   }},
  {"states of anybody", [](raw_worker& x) { for (auto root : {x.root, uint64_t{0}, own_actor, ~uint64_t{0}}) for (size_t bytes : {0, 3, 50'000})
     x.send(record_kind::snapshot, {root, root, root, 0, x.number}, caf::byte_buffer(bytes, caf::byte{0xff}), 0xfffd); }},
  {"its root changes", [](raw_worker& x) {
     for (uint64_t local : {uint64_t{0}, uint64_t{1}, own_actor, ~uint64_t{0}})
       x.send(record_kind::rooted, {x.root, local, 0, 0, x.number});
     x.send(record_kind::rooted, {x.root, own_actor, 0, 0, x.number});
     x.send(record_kind::spawned, {x.root, 0, 0, 0, x.number},
            encode_reason(nullptr, caf::make_error(errc::constructor_failed), 1024));
     x.send(record_kind::spawned, {x.root, 0, 0, 0, x.number}, caf::byte_buffer(3, caf::byte{0xff}));
   }},
  {"actors of others are said to be down", [](raw_worker& x) {
     for (process_number process : {0u, 1u})
       for (uint64_t actor = 0; actor < 300; ++actor)
         if (process != 0 || actor != x.root)
           x.send(record_kind::down, {0, actor, 0, 0, process}, encode_reason(nullptr, caf::exit_reason::kill, 1024));
   }},
  // answers
  {"the answer is garbage", [](raw_worker& x) {
     x.send(record_kind::message,
            {x.asked.source, own_actor, caf::make_message_id(x.asked.word).response_id().integer_value(),
             x.asked.source_process, x.number},
            caf::byte_buffer(50, caf::byte{0xff}));
   }},
};
// clang-format on

} // namespace
