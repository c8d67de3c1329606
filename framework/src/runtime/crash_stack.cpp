// What a process that crashed wrote down, made readable. All of it is input.

#include "bulkhead/platform/plain_name.hpp"
#include "bulkhead/platform/signal_meaning.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/death_reporter.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

using platform::crash_scene;

/// With those that the compiler put into others.
constexpr size_t frames_max = 128;

/// The host's own program may have been replaced on disk since it was started.
std::string file_of(const std::string& module) {
  return module == platform::program_name() ? platform::program_path() : module;
}

stack_frame frame_of(const crash_scene& scene, const crash_scene::frame& what) {
  stack_frame result;
  result.offset = what.offset;
  if (what.module < std::min<size_t>(scene.module_count, crash_scene::modules_max))
    result.module = printable(platform::text_in(scene.modules[what.module].path), sizeof(crash_scene::module::path));
  return result;
}

bool is_known(const stack_frame& frame) {
  return frame.module.starts_with('/');
}

} // namespace

thrown_exception exception_in(const crash_scene& scene) {
  auto type = std::string{platform::text_in(scene.exception_type)};
  return {printable(platform::plain_name(type), sizeof scene.exception_type),
          printable(platform::text_in(scene.exception_text), sizeof scene.exception_text)};
}

void add_scene(death_certificate& what, const crash_scene& scene) {
  auto thrown = exception_in(scene);
  what.exception_type = std::move(thrown.type);
  what.exception_text = std::move(thrown.text);
  if (scene.what != crash_scene::kind::signal && scene.what != crash_scene::kind::out_of_memory)
    return;
  if (scene.what == crash_scene::kind::signal) {
    what.meaning = platform::signal_meaning(scene.signal);
    if (auto cause = platform::signal_cause(scene.signal, scene.code); !cause.empty())
      what.meaning += ": " + cause;
    what.address = scene.address;
  }
  what.thread = printable(platform::text_in(scene.thread_name), sizeof scene.thread_name);
  if (scene.memory_peak_bytes != 0)
    what.memory_peak_bytes = scene.memory_peak_bytes;
  for (size_t i = 0; i < std::min<size_t>(scene.frame_count, crash_scene::frames_max); ++i)
    what.stack.push_back(frame_of(scene, scene.frames[i]));
}

name_question question_about(const death_certificate& what, const crash_scene& scene) {
  name_question result;
  auto type = printable(platform::text_in(scene.exception_type), sizeof scene.exception_type);
  if (what.exception_type == type) // it is not readable as it is
    result.exception_type = std::move(type);
  for (size_t i = 0; i < what.stack.size(); ++i)
    if (auto& frame = what.stack[i]; is_known(frame))
      // A return address may be the first one of the next function.
      result.places.push_back({file_of(frame.module), frame.offset - (scene.frames[i].returns == 1 ? 1 : 0)});
  return result;
}

void add_names(death_certificate& what, stack_names answer) {
  if (!answer.exception_type.empty())
    what.exception_type = std::move(answer.exception_type);
  what.names_missing = std::move(answer.missing);
  std::vector<stack_frame> result;
  size_t next = 0;
  for (auto& known : what.stack) {
    place_names names;
    if (is_known(known) && next < answer.places.size())
      names = std::move(answer.places[next++]);
    if (names.positions.empty())
      names.positions.emplace_back();
    for (auto& x : names.positions) {
      auto frame = known;
      frame.function = x.function.empty() ? names.function : std::move(x.function);
      frame.source = std::move(x.source);
      if (result.size() < frames_max)
        result.push_back(std::move(frame));
    }
  }
  what.stack = std::move(result);
}

} // namespace bulkhead::runtime
