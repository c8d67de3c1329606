#include "stack_walk.hpp"

#include <algorithm>
#include <cstring>

#include <dlfcn.h>
#include <link.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

namespace bulkhead::platform {

namespace {

/// The dynamic linker has no name for it.
char program_file[sizeof(crash_scene::module::path)] = "";

struct walk {
  crash_scene* scene;
  uint64_t from;
  bool found;
  int steps;
};

constexpr int steps_max = 1000;

uint32_t module_of(crash_scene& scene, const char* path) noexcept {
  if (path[0] == '\0')
    path = program_file;
  constexpr auto size = sizeof(crash_scene::module::path);
  for (uint32_t i = 0; i < scene.module_count; ++i)
    if (std::strncmp(scene.modules[i].path, path, size) == 0)
      return i;
  if (scene.module_count == crash_scene::modules_max)
    return crash_scene::no_module;
  std::memcpy(scene.modules[scene.module_count].path, path, ::strnlen(path, size));
  return scene.module_count++;
}

void add_frame(crash_scene& scene, uint64_t address, bool returns) noexcept {
  if (scene.frame_count == crash_scene::frames_max)
    return;
  auto& next = scene.frames[scene.frame_count];
  next = {address, crash_scene::no_module, returns ? 1u : 0u};
  dl_find_object found{};
  // Of what dladdr does, this is what may be done in a signal handler.
  if (::_dl_find_object(reinterpret_cast<void*>(address - next.returns), &found) == 0) {
    next.module = module_of(scene, found.dlfo_link_map->l_name);
    if (next.module != crash_scene::no_module)
      next.offset = address - found.dlfo_link_map->l_addr;
  }
  ++scene.frame_count;
}

_Unwind_Reason_Code on_frame(_Unwind_Context* context, void* argument) {
  auto& self = *static_cast<walk*>(argument);
  int before = 0;
  uint64_t address = ::_Unwind_GetIPInfo(context, &before);
  self.found = self.found || self.from == 0 || address == self.from;
  if (self.scene != nullptr && self.found && address != 0)
    add_frame(*self.scene, address, before == 0);
  auto full = self.scene != nullptr && self.scene->frame_count == crash_scene::frames_max;
  return full || ++self.steps == steps_max ? _URC_END_OF_STACK : _URC_NO_REASON;
}

bool is_code(uint64_t address) noexcept {
  dl_find_object found{};
  return ::_dl_find_object(reinterpret_cast<void*>(address), &found) == 0;
}

void walk_from(crash_scene& scene, uint64_t from) noexcept {
  walk all{&scene, from, false, 0};
  (void) ::_Unwind_Backtrace(on_frame, &all);
}

/// Those of an interrupted thread, where the unwinder will look for them.
class registers {
public:
  explicit registers(void* context) noexcept
    : machine_(&static_cast<ucontext_t*>(context)->uc_mcontext), copy_(*machine_) {
    // nop
  }

#if defined(__x86_64__)
  [[nodiscard]] static constexpr bool known() noexcept {
    return true;
  }
  [[nodiscard]] uint64_t instruction() const noexcept {
    return static_cast<uint64_t>(machine_->gregs[REG_RIP]);
  }
  void step_out() noexcept {
    machine_->gregs[REG_RIP] = *reinterpret_cast<const greg_t*>(machine_->gregs[REG_RSP]);
    machine_->gregs[REG_RSP] += static_cast<greg_t>(sizeof(greg_t));
  }
#elif defined(__aarch64__)
  [[nodiscard]] static constexpr bool known() noexcept {
    return true;
  }
  [[nodiscard]] uint64_t instruction() const noexcept {
    return machine_->pc;
  }
  void step_out() noexcept {
    machine_->pc = machine_->regs[30];
  }
#else
  [[nodiscard]] static constexpr bool known() noexcept {
    return false;
  }
  [[nodiscard]] uint64_t instruction() const noexcept {
    return 0;
  }
  void step_out() noexcept {}
#endif

  void restore() noexcept {
    *machine_ = copy_;
  }

private:
  mcontext_t* machine_;
  mcontext_t copy_;
};

} // namespace

void prepare_stack_walks() {
  auto size = ::readlink("/proc/self/exe", program_file, sizeof program_file - 1);
  program_file[std::max<ssize_t>(size, 0)] = '\0';
  walk nothing{nullptr, 0, false, 0};
  (void) ::_Unwind_Backtrace(on_frame, &nothing);
}

void walk_stack(crash_scene& scene, const void* from) noexcept {
  walk_from(scene, reinterpret_cast<uint64_t>(from));
}

void walk_interrupted_stack(crash_scene& scene, void* context) noexcept {
  registers at{context};
  auto saved = at;
  if (at.known() && !is_code(at.instruction())) {
    // A call went where no code is. Who called is found by doing its return.
    add_frame(scene, at.instruction(), false);
    at.step_out();
  }
  walk_from(scene, at.instruction());
  saved.restore();
}

} // namespace bulkhead::platform
