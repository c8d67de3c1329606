// Habits whose bytes cost their reader more than their writer, or name what the reader must not use.

#include "hostile/worker/raw_worker.hpp"
#include "hostile/worker/payloads.hpp"

#include "support/nested.hpp"

#include <bulkhead/platform/crash_scene.hpp>
#include <bulkhead/shm/black_box.hpp>

#include <cstdlib>
#include <cstring>
#include <string>

#include <csignal>
#include <unistd.h>

using namespace bulkhead;
using namespace bulkhead::transport;
using namespace hostile;
using namespace test_support;

namespace {

constexpr size_t far_too_deep = 300'000;

void answer_with(raw_worker& x, caf::byte_buffer body) {
  auto response = caf::make_message_id(x.asked.word).response_id();
  x.push(record_kind::message, {x.asked.source, own_actor, response.integer_value(), x.asked.source_process, x.number},
         body);
}

/// Once each in all records that have something of CAF's in their body, then it goes on in good order.
void send_everywhere(raw_worker& x, const caf::byte_buffer& message, const caf::byte_buffer& reason) {
  envelope to_asker{x.asked.source, own_actor, 0, x.asked.source_process, x.number};
  x.push(record_kind::message, to_asker, message);
  x.push(record_kind::message, to_asker, message, flag_has_stages);
  auto large = message;
  large.resize(1'000'000);
  x.push(record_kind::message, to_asker, large);
  x.push(record_kind::exit, {99'999, own_actor, 0, 0, x.number}, caf::byte_buffer{reason});
  x.push(record_kind::snapshot, {x.root, own_actor, x.root, 0, x.number}, message);
  x.push(record_kind::spawned, {99'999, 0, 0, 0, x.number}, reason);
  x.push(record_kind::down, {0, 4712, 0, 0, x.number}, reason);
}

/// Writes a program's path into its crash, and dies of it.
[[noreturn]] void crash_in(raw_worker& x, const std::string& module, const std::string& exception = {}) {
  auto& scene = shm::black_box_of(x.end.own.data(), x.end.rings)->scene;
  std::memcpy(scene.modules[0].path, module.c_str(), module.size() + 1);
  std::memcpy(scene.exception_type, exception.c_str(), exception.size() + 1);
  scene.module_count = 1;
  scene.frame_count = 1;
  scene.frames[0] = {0x1000, 0, 0};
  scene.what = platform::crash_scene::kind::signal;
  scene.signal = SIGABRT;
  ::kill(::getpid(), SIGKILL);
  x.freeze();
}

/// Expands to 2^60 characters when it is made readable.
std::string exploding_name() {
  std::string result = "1f";
  result += "ISt4pairIiiE";
  for (auto code = '_'; result.size() < 200; code = code == '_'   ? '0'
                                                    : code == '9' ? 'A'
                                                                  : static_cast<char>(code + 1)) {
    auto last = code == '_' ? std::string{"S_"} : std::string{"S"} + code + "_";
    result += "St4pairI" + last + last + "E";
  }
  return result + "E";
}

// One habit a line.
// clang-format off
const habits known{
  {"messages are nested", [](raw_worker& x) { answer_with(x, nested_messages(far_too_deep)); send_everywhere(x, nested_messages(far_too_deep), nested_reason(far_too_deep)); }},
  {"errors are nested", [](raw_worker& x) { answer_with(x, nested_errors(far_too_deep)); send_everywhere(x, nested_errors(far_too_deep), nested_reason(far_too_deep)); }},
  {"settings are nested", [](raw_worker& x) { answer_with(x, nested_settings(far_too_deep)); send_everywhere(x, nested_settings(far_too_deep), nested_reason(far_too_deep)); }},
  {"dictionaries are nested", [](raw_worker& x) { answer_with(x, nested_dictionaries(far_too_deep)); send_everywhere(x, nested_dictionaries(far_too_deep), nested_reason(far_too_deep)); }},
  {"trees of the application are nested", [](raw_worker& x) { answer_with(x, nested_trees(far_too_deep)); send_everywhere(x, nested_trees(far_too_deep), nested_reason(far_too_deep)); }},
  {"a chain of the application is long", [](raw_worker& x) { answer_with(x, long_chain(far_too_deep)); send_everywhere(x, long_chain(far_too_deep), nested_reason(far_too_deep)); }},
  {"elements without bytes are countless", [](raw_worker& x) { answer_with(x, countless_nothings()); send_everywhere(x, countless_nothings(), nested_reason(far_too_deep)); }},
  {"an error's code is a string", [](raw_worker& x) {
     auto id = caf::type_id_v<std::string>;
     answer_with(x, error_with_category(id));
     send_everywhere(x, error_with_category(id), reason_with_category(id));
   }},
  {"an error's code has an unknown type", [](raw_worker& x) {
     answer_with(x, error_with_category(54'321));
     send_everywhere(x, error_with_category(54'321), reason_with_category(54'321));
   }},
  {"its own end has an error of an unknown type", [](raw_worker& x) {
     x.push(record_kind::down, {0, x.root, 0, 0, 0}, reason_with_category(54'321));
     x.push(record_kind::down, {0, own_actor, 0, 0, x.number}, reason_with_category(54'321));
     x.freeze();
   }},
  // the crash of a process
  {"its program is a pipe", [](raw_worker& x) { crash_in(x, std::getenv("HOSTILE_PIPE")); }},
  {"its program is a device", [](raw_worker& x) { crash_in(x, "/dev/zero"); }},
  {"its program is made up by the kernel", [](raw_worker& x) { crash_in(x, "/proc/self/mem"); }},
  {"its exception's name explodes", [](raw_worker& x) { crash_in(x, "/no/such/program", exploding_name()); }},
  {"its texts are escape sequences", [](raw_worker& x) {
     auto& scene = shm::black_box_of(x.end.own.data(), x.end.rings)->scene;
     std::memcpy(scene.thread_name, "\x1b[2J\x1b]0;x\a", 10);
     std::memcpy(scene.exception_text, "\x1b[31m\xc2\x9b\x31m\xe2\x80\xae\xff\n[worker 0.1 pid 1] forged", 40);
     crash_in(x, "/\x1b[2J", "\x1b[2J");
   }},
  {"it writes a thousand escape sequences", [](raw_worker& x) {
     for (int i = 0; i < 1000; ++i)
       (void) !::write(2, "\x1b]0;title\a\x1b[2J\xc2\x9b\xff\n", 18);
     x.freeze();
   }},
  {"it writes lines without end", [](raw_worker&) {
     std::string lines;
     for (int i = 0; i < 2000; ++i)
       lines += "x\n";
     for (;;)
       (void) !::write(2, lines.data(), lines.size());
   }},
};
// clang-format on

} // namespace
