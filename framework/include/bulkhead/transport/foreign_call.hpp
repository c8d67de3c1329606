#pragma once

#include <string>
#include <utility>

namespace bulkhead::transport {

// Code of the application may throw anything: what is no std::exception, or has a `what` that returns null.

/// The text of the exception that the present `catch (...)` has caught; its type if it has no text.
[[nodiscard]] std::string thrown_text();

/// Its type.
[[nodiscard]] std::string thrown_type();

/// Writes a line about it to standard error.
/// @param function whose it was, such as "a function given to future::on_done".
void report_thrown(const char* function) noexcept;

/// Calls a function of the application for which no caller waits.
/// @param function as of `report_thrown`.
template <class F, class... Ts>
void call_foreign(const char* function, F&& what, Ts&&... arguments) noexcept {
  try {
    std::forward<F>(what)(std::forward<Ts>(arguments)...);
  } catch (...) {
    report_thrown(function);
  }
}

} // namespace bulkhead::transport
