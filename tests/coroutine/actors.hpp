#pragma once

#include "support/stage.hpp"

#include <bulkhead/coroutine.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

// What the tests of coroutines await, and how they count what is left of them.
namespace coroutines {

/// How many objects there are in coroutines that have not ended.
class census {
public:
  /// Stands in a coroutine's frame.
  class entry {
  public:
    explicit entry(std::shared_ptr<std::atomic<size_t>> count) : count_(std::move(count)) {
      ++*count_;
    }
    entry(entry&& other) noexcept = default;
    ~entry() {
      if (count_)
        --*count_;
    }

  private:
    std::shared_ptr<std::atomic<size_t>> count_;
  };

  [[nodiscard]] entry enter() const {
    return entry{count_};
  }

  [[nodiscard]] size_t count() const {
    return *count_;
  }

  [[nodiscard]] bool empty() const {
    return test_support::eventually([this] { return count() == 0; });
  }

private:
  std::shared_ptr<std::atomic<size_t>> count_ = std::make_shared<std::atomic<size_t>>(0);
};

/// What a coroutine gives that runs in an actor of its own, when that has ended.
template <class T>
caf::expected<T> run(test_support::host_fixture& f,
                     std::function<bulkhead::awaitable<T>(caf::event_based_actor*)> body) {
  std::optional<bulkhead::future<T>> result;
  caf::scoped_actor self{f.sys};
  self->wait_for(f.sys.spawn([&](caf::event_based_actor* me) { result = bulkhead::create_task(me, body(me)); }));
  return result->get();
}

/// Doubles a number, refuses a negative one.
caf::behavior doubler();

/// Never answers a number, and keeps the promises; answers on `get` how many it has.
caf::behavior silent(caf::event_based_actor* self);

/// For workers.
int32_t square(int32_t x);

/// Makes the file at `path`, then never ends.
void hang(const std::string& path);

/// Awaits what `kind` names, which does not end by itself: see `kinds`.
bulkhead::awaitable<> wait_for_ever(caf::event_based_actor* self, std::string kind, caf::actor silent,
                                    census::entry here);

/// All that a coroutine can wait for.
inline constexpr const char* kinds[] = {"a request",    "a timer",     "a socket",    "a descriptor",
                                        "a message",    "a coroutine", "all of some", "one of some",
                                        "a time limit", "a group",     "a future"};

} // namespace coroutines
