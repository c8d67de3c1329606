// What a process that crashed wrote down, made readable. All of it is input.

#include "bulkhead/platform/signal_meaning.hpp"
#include "bulkhead/platform/symbolizer.hpp"
#include "bulkhead/platform/this_process.hpp"
#include "bulkhead/runtime/death_reporter.hpp"

#include <algorithm>

namespace bulkhead::runtime {

namespace {

using platform::crash_scene;

constexpr std::chrono::milliseconds names_budget{1000};

/// The host's own program may have been replaced on disk since it was started.
std::string file_of(const std::string& module) {
  return module == platform::program_name() ? platform::program_path() : module;
}

stack_frame frame_of(const crash_scene& scene, const crash_scene::frame& what, platform::symbolizer* names) {
  stack_frame result;
  result.offset = what.offset;
  if (what.module >= std::min<size_t>(scene.module_count, crash_scene::modules_max))
    return result;
  auto path = std::string{platform::text_in(scene.modules[what.module].path)};
  result.module = printable(path, path.size());
  if (names == nullptr || !path.starts_with('/'))
    return result;
  // A return address may be the first one of the next function.
  auto found = names->find(file_of(path), what.offset - (what.returns == 1 ? 1 : 0));
  result.function = printable(found.function, found.function.size());
  result.source = printable(found.source, found.source.size());
  return result;
}

} // namespace

void add_scene(death_certificate& what, const crash_scene& scene, bool with_names) {
  auto type = std::string{platform::text_in(scene.exception_type)};
  what.exception_type = printable(platform::demangled(type), sizeof scene.exception_type);
  what.exception_text = printable(platform::text_in(scene.exception_text), sizeof scene.exception_text);
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
  platform::symbolizer names{names_budget};
  for (size_t i = 0; i < std::min<size_t>(scene.frame_count, crash_scene::frames_max); ++i)
    what.stack.push_back(frame_of(scene, scene.frames[i], with_names ? &names : nullptr));
}

} // namespace bulkhead::runtime
