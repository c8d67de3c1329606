#pragma once

#include "bulkhead/runtime/task.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <variant>

namespace bulkhead::runtime {

/// Who waits for room in an executor, in order: futures that will be told, and tasks that will be accepted.
///
/// Thread safety: guarded by the executor's mutex.
class room_line {
public:
  using told = std::shared_ptr<outcome<void>>;
  using entry = std::variant<told, std::shared_ptr<task>>;

  void add(entry who) {
    all_.push_back(std::move(who));
  }

  [[nodiscard]] bool empty() const noexcept {
    return all_.empty();
  }

  /// Of one that is not empty.
  [[nodiscard]] entry take() {
    auto result = std::move(all_.front());
    all_.pop_front();
    return result;
  }

  /// Returns whether it was there.
  bool remove(const outcome<void>* who) noexcept {
    return std::erase_if(all_,
                         [who](auto& x) {
                           auto found = std::get_if<told>(&x);
                           return found != nullptr && found->get() == who;
                         })
           > 0;
  }

  bool remove(const task* who) noexcept {
    return std::erase_if(all_,
                         [who](auto& x) {
                           auto found = std::get_if<std::shared_ptr<task>>(&x);
                           return found != nullptr && found->get() == who;
                         })
           > 0;
  }

private:
  std::list<entry> all_;
};

} // namespace bulkhead::runtime
