#pragma once

// How the results of a `map_unordered` find those who wait for them. Users include <bulkhead/map.hpp>.

#include "bulkhead/future.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/message.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace bulkhead {

/// The result of a call of `map_unordered`.
template <class T>
struct mapped {
  /// The place of its element in the range, from 0.
  size_t index = 0;

  /// What the call has returned, or its error.
  caf::expected<T> result{caf::error{}};
};

namespace detail {

/// Brings together the results of a `map_unordered`, as they come, and who waits for one.
///
/// Thread safety: all functions from any thread. Lifetime: shared by the results and the calls.
template <class T>
class result_board : public std::enable_shared_from_this<result_board<T>> {
public:
  using outcome = runtime::outcome<mapped<T>>;

  /// Gives a result to who waits longest.
  void put(size_t index, caf::message& content) {
    runtime::outcome<T> one;
    one.take(content);
    mapped<T> value{index};
    if (one.reason())
      value.result = one.reason();
    else if constexpr (std::is_void_v<T>)
      value.result = {};
    else
      value.result = std::move(one).value();
    std::unique_lock guard{mutex_};
    while (!waiting_.empty()) {
      auto who = std::move(waiting_.front());
      waiting_.pop_front();
      guard.unlock();
      if (who->set(std::move(value)))
        return;
      guard.lock(); // it was cancelled just now
      --taken_;
    }
    ready_.push_back(std::move(value));
  }

  future<mapped<T>> take() {
    auto result = std::make_shared<outcome>();
    std::unique_lock guard{mutex_};
    ++taken_;
    if (ready_.empty()) {
      result->source(std::make_shared<withdrawal>(this->weak_from_this(), result));
      waiting_.push_back(result);
    } else {
      auto value = std::move(ready_.front());
      ready_.pop_front();
      guard.unlock();
      result->set(std::move(value));
    }
    return future<mapped<T>>{std::move(result)};
  }

  /// How many results were asked for, and not cancelled.
  [[nodiscard]] size_t taken() const {
    std::lock_guard guard{mutex_};
    return taken_;
  }

private:
  class withdrawal final : public runtime::canceller {
  public:
    withdrawal(std::weak_ptr<result_board> board, std::weak_ptr<outcome> who)
      : board_(std::move(board)), who_(std::move(who)) {
      // nop
    }

    bool cancel() override {
      auto board = board_.lock();
      auto who = who_.lock();
      return board && who && board->withdraw(who);
    }

  private:
    const std::weak_ptr<result_board> board_;
    const std::weak_ptr<outcome> who_;
  };

  bool withdraw(const std::shared_ptr<outcome>& who) {
    {
      std::lock_guard guard{mutex_};
      taken_ -= std::erase(waiting_, who);
    }
    return who->fail(caf::make_error(errc::cancelled));
  }

  mutable std::mutex mutex_;
  size_t taken_ = 0;
  std::deque<mapped<T>> ready_;
  std::deque<std::shared_ptr<outcome>> waiting_;
};

} // namespace detail

} // namespace bulkhead
