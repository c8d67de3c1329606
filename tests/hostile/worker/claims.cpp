// Habits that claim what is not theirs: to speak for others, to reach others, to know others.

#include "hostile/worker/raw_worker.hpp"

#include <bulkhead/transport/type_ids.hpp>

#include <caf/system_messages.hpp>

#include <charconv>
#include <functional>
#include <string_view>

using namespace bulkhead;
using namespace bulkhead::transport;
using namespace hostile;

namespace {

struct named {
  process_number process = 0;
  uint64_t actor = 0;
};

template <class Number>
Number number_in(std::string_view text) {
  Number result = 0;
  (void) std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

// "own", "root", "asker", "nobody", or PROCESS:ACTOR.
named who(const raw_worker& x, std::string_view text) {
  if (text == "own")
    return {x.number, own_actor};
  if (text == "root")
    return {host_process, x.root};
  if (text == "asker")
    return {x.asked.source_process, x.asked.source};
  if (text == "nobody")
    return {};
  auto colon = text.find(':');
  return {number_in<process_number>(text.substr(0, colon)), number_in<uint64_t>(text.substr(colon + 1))};
}

uint64_t id_of(const raw_worker& x) {
  return caf::make_message_id(x.asked.word).request_id().integer_value() & caf::message_id::request_id_mask;
}

constexpr uint64_t response_flag = 0x8000000000000000;

// Word of a record: "oneway", "request", "asked" (the id of the open request), "response", "urgent response", "stream", or the root of an
// actor.
uint64_t word(const raw_worker& x, std::string_view text) {
  constexpr auto normal = caf::message_id::default_async_value;
  if (text == "oneway")
    return normal;
  if (text == "request")
    return normal | 77;
  if (text == "asked")
    return normal | id_of(x);
  if (text == "response")
    return normal | response_flag | id_of(x);
  if (text == "urgent response")
    return response_flag | id_of(x);
  if (text == "stream")
    return caf::message_id{normal}.with_category(caf::message_id::upstream_message_category).integer_value();
  return who(x, text).actor;
}

// As CAF writes a handle.
caf::byte_buffer handle_bytes(const raw_worker& x, named whose) {
  caf::byte_buffer result;
  auto big_endian = [&](uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i)
      result.push_back(static_cast<caf::byte>(value >> (8 * i)));
  };
  big_endian(whose.actor, 8);
  result.push_back(caf::byte{1});
  big_endian(whose.process + 1, 4);
  for (auto octet : x.host.key)
    result.push_back(static_cast<caf::byte>(octet));
  return result;
}

caf::byte_buffer list_of_one(caf::type_id_t type) {
  return {caf::byte{1}, static_cast<caf::byte>(type >> 8), static_cast<caf::byte>(type & 0xff)};
}

caf::byte_buffer& append(caf::byte_buffer& to, const caf::byte_buffer& what) {
  to.insert(to.end(), what.begin(), what.end());
  return to;
}

caf::byte_buffer body(const raw_worker& x, record_kind kind, std::string_view text) {
  auto colon = text.find('=');
  auto name = text.substr(0, colon);
  auto whose = colon != std::string_view::npos ? who(x, text.substr(colon + 1)) : named{};
  auto reason = encode_reason(nullptr, caf::make_error(caf::exit_reason::user_shutdown), 1024);
  if (name == "handle") {
    auto result = list_of_one(caf::type_id_v<caf::actor>);
    return append(result, handle_bytes(x, whose));
  }
  if (name == "down") {
    auto result = list_of_one(caf::type_id_v<caf::down_msg>);
    return append(append(result, handle_bytes(x, whose)), reason);
  }
  if (name == "exit") {
    auto result = list_of_one(caf::type_id_v<caf::exit_msg>);
    return append(append(result, handle_bytes(x, whose)), reason);
  }
  if (name == "bare handle")
    return handle_bytes(x, whose);
  if (name == "result")
    return encoded(caf::make_message(task_result{whose.actor, caf::make_message(int32_t{666})}));
  if (kind == record_kind::message)
    return encoded(caf::make_message(int32_t{666}));
  return kind == record_kind::down || kind == record_kind::exit || kind == record_kind::spawned ? reason
                                                                                                : caf::byte_buffer{};
}

void claim(raw_worker& x, size_t first) {
  auto& what = x.arguments;
  auto kind = static_cast<record_kind>(number_in<uint16_t>(what[first]));
  auto source = who(x, what[first + 1]);
  auto target = who(x, what[first + 2]);
  envelope head{target.actor, source.actor, word(x, what[first + 3]), target.process, source.process};
  x.push(kind, head, body(x, kind, what[first + 4]));
}

// A request for the answer that somebody else waits for, and whatever else may be meant for others.
void to_all(const std::function<void(named)>& send) {
  for (uint64_t actor = 1; actor < 400; ++actor)
    for (process_number process : {0u, 1u})
      send({process, actor});
}

const habits known{
  // Arguments: kind, source, target, word and body of a record; five more for each further one.
  {"it sends records",
   [](raw_worker& x) {
     for (size_t i = 0; i + 4 < x.arguments.size(); i += 5)
       claim(x, i);
   }},
  {"it kills everybody",
   [](raw_worker& x) {
     auto reason = encode_reason(nullptr, caf::exit_reason::kill, 1024);
     to_all([&](named to) { x.push(record_kind::exit, {to.actor, own_actor, 0, to.process, x.number}, reason); });
   }},
  {"it answers everybody's tasks",
   [](raw_worker& x) {
     to_all([&](named to) {
       for (uint64_t number = 1; number < 20; ++number)
         x.push(record_kind::message, {to.actor, own_actor, caf::message_id::default_async_value, to.process, x.number},
                encoded(caf::make_message(task_result{number, caf::make_message(int32_t{666})})));
     });
   }},
  // Arguments: who is to answer, and to whom.
  {"it asks in the name of others",
   [](raw_worker& x) {
     auto to = who(x, x.arguments[0]);
     auto from = who(x, x.arguments[1]);
     for (uint64_t id = 1; id < 60; ++id)
       x.push(record_kind::message,
              {to.actor, from.actor, caf::message_id::default_async_value | id, to.process, from.process},
              encoded(caf::make_message(int32_t{666})));
   }},
};

} // namespace
