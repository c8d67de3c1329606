#include "fuzz/targets.hpp"

#include "support/nested.hpp"
#include "support/types.hpp"

#include <bulkhead/platform/plain_name.hpp>
#include <bulkhead/runtime/death_reporter.hpp>
#include <bulkhead/runtime/line_limit.hpp>
#include <bulkhead/runtime/stack_names.hpp>
#include <bulkhead/shm/black_box.hpp>
#include <bulkhead/transport/codec.hpp>
#include <bulkhead/transport/copy_request.hpp>
#include <bulkhead/transport/snapshot.hpp>
#include <bulkhead/transport/stack_text.hpp>
#include <bulkhead/transport/task_records.hpp>

#include <caf/all.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>

namespace fuzz {

namespace {

using namespace bulkhead;
using namespace test_support;

octets copy_of(const caf::byte_buffer& what) {
  auto bytes = std::as_bytes(std::span{what});
  return {bytes.begin(), bytes.end()};
}

octets copy_of(std::string_view what) {
  auto bytes = std::as_bytes(std::span{what});
  return {bytes.begin(), bytes.end()};
}

std::string_view text_of(std::span<const std::byte> input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

octets message_of(const caf::message& content) {
  caf::byte_buffer out;
  uint16_t flags = 0;
  (void) transport::encode(nullptr, {nullptr, caf::make_message_id(), {}, content}, out, flags, nullptr);
  return copy_of(out);
}

// -- messages: the first octet says whether a forwarding stack comes first

void run_message(std::span<const std::byte> input) {
  if (input.empty())
    return;
  caf::mailbox_element::forwarding_stack stages;
  caf::message content;
  auto flags = static_cast<uint16_t>(static_cast<unsigned>(input[0]) & transport::flag_has_stages);
  if (auto failed = transport::decode(nullptr, flags, input.subspan(1), nullptr, stages, content))
    (void) to_string(failed);
  else
    (void) to_string(content);
}

std::vector<octets> message_seeds() {
  std::vector<octets> result{
    message_of(caf::make_message(int32_t{1}, 2.5, std::string{"text"}, std::u16string{u"text"}, caf::ok_atom_v)),
    message_of(caf::make_message(std::vector<int32_t>{1, 2, 3}, caf::byte_buffer(20), bytes{caf::byte_buffer(30)})),
    message_of(caf::make_message(caf::make_error(trouble::some, caf::make_message(caf::make_message(1.0))))),
    message_of(caf::make_message(transport::task_result{1, caf::make_message(tree{1, {tree{}, tree{}}})})),
    message_of(caf::make_message(death_certificate{}, backlog_event{}, supervision_event{})),
    message_of(caf::make_message(caf::down_msg{{}, caf::exit_reason::kill}, old_fashioned{3})),
    copy_of(nested_messages(10)),
    copy_of(nested_errors(10)),
    copy_of(nested_settings(10)),
    copy_of(nested_dictionaries(10)),
    copy_of(nested_trees(10)),
    copy_of(long_chain(10)),
    copy_of(countless_nothings()),
  };
  for (auto& x : result)
    x.insert(x.begin(), std::byte{0});
  return result;
}

// -- reasons of ends, and why a spawn has failed

void run_reason(std::span<const std::byte> input) {
  (void) to_string(transport::decode_reason(nullptr, input));
}

std::vector<octets> reason_seeds() {
  worker_death death;
  death.detail = "it is gone";
  return {copy_of(transport::encode_reason(nullptr, make_error(death), 1000)),
          copy_of(transport::encode_reason(nullptr, caf::exit_reason::kill, 1000)), copy_of(nested_reason(10)),
          copy_of(reason_with_category(caf::type_id_v<std::string>))};
}

// -- arguments of a spawn

void run_spawn(std::span<const std::byte> input) {
  transport::spawn_request what;
  (void) to_string(transport::decode(nullptr, input, nullptr, what));
}

std::vector<octets> spawn_seeds() {
  transport::spawn_request what{"victim", true, {"a", "b"}, caf::make_message(int32_t{1}), {}};
  caf::byte_buffer out;
  uint16_t flags = 0;
  (void) transport::encode(nullptr, what, out, flags, nullptr);
  return {copy_of(out)};
}

// -- states that a predecessor has left

void run_snapshot(std::span<const std::byte> input) {
  (void) transport::type_of_snapshot(input);
  tree value;
  (void) to_string(transport::decode_snapshot(input, value));
}

std::vector<octets> snapshot_seeds() {
  caf::byte_buffer out;
  (void) transport::encode_snapshot(tree{1, {tree{2, {}}, tree{}}}, out);
  return {copy_of(out)};
}

// -- what a dead process has left in its region

void run_black_box(std::span<const std::byte> input) {
  auto box = std::make_unique<shm::black_box>();
  // The scene first: most of the box is empty in earnest, too.
  auto scene = input.first(std::min(input.size(), sizeof box->scene));
  if (!scene.empty())
    std::memcpy(static_cast<void*>(&box->scene), scene.data(), scene.size());
  auto rest = input.subspan(scene.size());
  if (!rest.empty())
    std::memcpy(static_cast<void*>(&box->recorder), rest.data(), std::min(rest.size(), sizeof box->recorder));
  death_certificate what;
  runtime::add_scene(what, box->scene);
  (void) runtime::write_question(runtime::question_about(what, box->scene));
  runtime::add_names(what, runtime::read_answer(text_of(rest), 4));
  (void) shm::read_flight(box->recorder);
  (void) describe(what);
  (void) to_json(what);
  (void) crash_site(what);
}

std::vector<octets> black_box_seeds() {
  auto box = std::make_unique<shm::black_box>();
  box->scene.what = platform::crash_scene::kind::signal;
  box->scene.signal = 11;
  box->scene.frame_count = 3;
  box->scene.module_count = 1;
  std::strcpy(box->scene.modules[0].path, "/usr/bin/program");
  std::strcpy(box->scene.exception_type, "N3app11parse_errorE");
  auto scene = std::as_bytes(std::span{&box->scene, 1});
  octets result{scene.begin(), scene.end()};
  auto answer = copy_of("f 0 main\np 1 a.cpp:1\tf(int)\nt app::parse_error\ne\n");
  result.insert(result.end(), answer.begin(), answer.end());
  return {result};
}

// -- texts

void run_text(std::span<const std::byte> input) {
  auto text = text_of(input);
  (void) platform::plain_name(text);
  (void) runtime::read_answer(text, 3);
  (void) runtime::read_question(text);
  (void) short_function_name(text);
  runtime::line_limit limit;
  for (auto& x : limit.pass(text, 1))
    if (printable(x, x.size()) != x)
      std::abort();
}

std::vector<octets> text_seeds() {
  return {copy_of("N3app11parse_errorE"), copy_of("f 0 main\np 1 a.cpp:1\tf(int)\nt app::parse_error\ne\n"),
          copy_of("\x1b[2J \xc2\x9b \xe2\x80\xae text \xf0\x9f\x98\x80"),
          copy_of("std::map<int, (anonymous namespace)::x>::operator()(int) const [clone .cold]")};
}

constexpr std::array all{
  target{"message", run_message, message_seeds},
  target{"reason", run_reason, reason_seeds},
  target{"spawn", run_spawn, spawn_seeds},
  target{"snapshot", run_snapshot, snapshot_seeds},
  target{"black_box", run_black_box, black_box_seeds},
  target{"text", run_text, text_seeds},
};

} // namespace

std::span<const target> targets() {
  return all;
}

const target* find_target(const std::string& name) {
  auto i = std::find_if(all.begin(), all.end(), [&](auto& x) { return name == x.name; });
  return i == all.end() ? nullptr : &*i;
}

} // namespace fuzz
