#pragma once

namespace bulkhead::this_task {

/// Whether the task that this thread runs was cancelled, and shall end soon: see `task_options::stop_grace`. What it returns then is
/// dropped. False outside of tasks; to ask is to read a word of memory.
///
/// Thread safety: of the thread that the executor called the function on.
[[nodiscard]] bool stop_requested() noexcept;

} // namespace bulkhead::this_task
