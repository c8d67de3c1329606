#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace bulkhead::platform {

/// What a process that crashes writes down about it, in memory that another process reads after its end. Fixed-width fields, all
/// zero before, so it can stand in shared memory; to a reader each of them is input.
struct crash_scene {
  static constexpr size_t frames_max = 64;
  static constexpr size_t modules_max = 16;
  /// A frame in no known module; its `offset` is an address then.
  static constexpr uint32_t no_module = 0xffffffff;

  enum class kind : uint32_t {
    /// It has not crashed.
    none,
    /// A signal came: `signal`, `code` and `address` say which.
    signal,
    /// Memory ran out.
    out_of_memory,
  };

  struct frame {
    /// Where in the module, as its file numbers it.
    uint64_t offset;
    uint32_t module;
    /// Zero if the instruction there was being executed, one if a call before it was.
    uint32_t returns;
  };

  struct module {
    /// Of the file; ends with a zero byte unless it fills the field.
    char path[240];
  };

  kind what;
  int32_t signal;
  int32_t code;
  int32_t thread;
  uint64_t address;
  /// Most memory that was present at one time; 0 if that could not be read.
  uint64_t memory_peak_bytes;
  char thread_name[16];
  uint32_t frame_count;
  uint32_t module_count;
  /// Mangled, and what it said, if no handler was found for an exception; both end with a zero byte unless they fill the field.
  char exception_type[256];
  char exception_text[512];
  frame frames[frames_max];
  module modules[modules_max];
};

static_assert(sizeof(crash_scene) == 5688 && std::is_trivially_copyable_v<crash_scene>);
static_assert(offsetof(crash_scene, address) == 16 && offsetof(crash_scene, frame_count) == 48);
static_assert(offsetof(crash_scene, exception_type) == 56 && offsetof(crash_scene, frames) == 824);
static_assert(offsetof(crash_scene, modules) == 1848);

/// The text in a field, up to its zero byte or its end.
template <size_t Size>
[[nodiscard]] std::string_view text_in(const char (&field)[Size]) noexcept {
  std::string_view all{field, Size};
  return all.substr(0, all.find('\0'));
}

} // namespace bulkhead::platform
