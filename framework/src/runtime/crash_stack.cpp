// What a process that crashed wrote down, made readable. All of it is input.

#include "bulkhead/platform/signal_meaning.hpp"
#include "bulkhead/platform/symbolizer.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/death_reporter.hpp"

#include <algorithm>
#include <utility>

namespace bulkhead::runtime {

namespace {

using platform::crash_scene;

/// Of a thread that does nothing else. Usually it takes some milliseconds, and a large program with debugging information a second.
constexpr std::chrono::milliseconds names_budget{5000};

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

/// All functions before the first line: these take longer, and matter less.
void add_names(std::vector<stack_frame>& stack, const crash_scene& scene) {
  platform::symbolizer names{names_budget};
  auto is_known = [](const stack_frame& frame) { return frame.module.starts_with('/'); };
  // A return address may be the first one of the next function.
  auto place_of = [&](size_t i) { return stack[i].offset - (scene.frames[i].returns == 1 ? 1 : 0); };
  for (size_t i = 0; i < stack.size(); ++i)
    if (is_known(stack[i])) {
      auto found = names.function(file_of(stack[i].module), place_of(i));
      stack[i].function = printable(found, found.size());
    }
  std::vector<stack_frame> result;
  for (size_t i = 0; i < stack.size(); ++i) {
    auto positions = is_known(stack[i]) ? names.positions(file_of(stack[i].module), place_of(i))
                                        : std::vector<platform::symbolizer::position>{};
    if (positions.empty())
      positions.emplace_back();
    for (auto& x : positions) {
      auto frame = stack[i];
      if (!x.function.empty())
        frame.function = printable(x.function, x.function.size());
      frame.source = printable(x.source, x.source.size());
      if (result.size() < frames_max)
        result.push_back(std::move(frame));
    }
  }
  stack = std::move(result);
}

} // namespace

thrown_exception exception_in(const crash_scene& scene) {
  auto type = std::string{platform::text_in(scene.exception_type)};
  return {printable(platform::demangled(type), sizeof scene.exception_type),
          printable(platform::text_in(scene.exception_text), sizeof scene.exception_text)};
}

void add_scene(death_certificate& what, const crash_scene& scene, bool with_names) {
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
  if (with_names)
    add_names(what.stack, scene);
}

} // namespace bulkhead::runtime
