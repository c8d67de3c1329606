#pragma once

#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace crash {

// The member of the pools in these tests, "hand", whose argument is the path of a diary.
//   get_atom: pid; (put_atom, sender, number): writes both into the diary and answers with its pid; (tick_atom, string path): writes
//   "0 pid", waits until the gate at the path is open, and answers with its pid; delete_atom: dies; (close_atom, number): quits

/// What requests were answered with.
class answer_list {
public:
  /// Asks `whom`, as a sender of its own.
  template <class... Ts>
  void ask(caf::actor_system& sys, const caf::actor& whom, const Ts&... content) {
    sys.spawn([what = what_, whom, content...](caf::event_based_actor* self) {
      self->request(whom, caf::infinite, content...)
        .then([what](int32_t x) { what->add(x); }, [what](caf::error& reason) { what->fail(std::move(reason)); });
    });
  }

  [[nodiscard]] std::vector<int32_t> values() const;
  [[nodiscard]] std::vector<caf::error> errors() const;

  /// Whether so many answers come, errors included.
  [[nodiscard]] bool comes_to(size_t count) const;

private:
  struct record {
    void add(int32_t x);
    void fail(caf::error reason);

    std::mutex mutex;
    std::vector<int32_t> values;
    std::vector<caf::error> errors;
  };

  std::shared_ptr<record> what_ = std::make_shared<record>();
};

/// A pool of hands in a host of its own.
struct hand_pool {
  explicit hand_pool(const bulkhead::pool_options& options);

  /// Gives so many members something to wait for, and returns when they do.
  void hold(size_t members);

  [[nodiscard]] bulkhead::pool_status status() const;
  [[nodiscard]] int32_t pid();

  /// Whether it comes to have so many members, all with a process.
  [[nodiscard]] bool becomes(size_t members) const;

  test_support::host_fixture here;
  diary book;
  event_log events{here};
  caf::actor pool;
  test_support::gate gate;
  /// Of those that are held.
  answer_list held;
  caf::scoped_actor self{here.sys};

private:
  size_t held_count_ = 0;
};

/// From `workers_min` to `workers_max` members, each with one message at a time, which are replaced a thousand times, at once.
bulkhead::pool_options hands(size_t workers_min, size_t workers_max);

} // namespace crash
