#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <sched.h>
#include <semaphore>
#include <set>
#include <thread>
#include <vector>

namespace bulkhead::shm::test {

/// Runs a few agents in every order in which their accesses to `stepped` words can happen, as a processor with total store
/// order would: a store that is not seq_cst stays in its agent's buffer, where the others do not see it, for any while.
/// So a wake-up that only a full fence saves is lost here on some path, reliably, and not once in a million runs.
///
/// Agents are threads of which one runs at a time. Each run replays a path of choices and takes the first branch beyond it;
/// a state from which all was tried before is not tried again.
class interleavings {
public:
  using agent = std::function<void()>;

  struct summary {
    size_t runs = 0;

    /// Runs that ended with an agent that waits for a ring that never comes.
    size_t runs_with_lost_ring = 0;
  };

  /// @param make_agents builds the words anew, at the same place, and returns the agents over them; called before each run.
  /// @param runs_max    a limit that a correct scenario never reaches.
  static summary explore(const std::function<std::vector<agent>()>& make_agents, size_t runs_max) {
    one_processor here;
    summary total;
    std::vector<choice> path;
    states seen;
    do {
      interleavings run{make_agents(), path, seen};
      ++total.runs;
      total.runs_with_lost_ring += run.lost_ring_;
    } while (next_path(path) && total.runs < runs_max);
    return total;
  }

  /// To be called by an agent: waits until another one rings it. Rings add up, like those of an eventfd.
  static void wait_for_ring() {
    auto& me = current->agents_[self];
    me.waits = true;
    current->pause();
    me.waits = false;
    me.rings = 0;
    me.history.push_back(woken);
  }

  static void ring(size_t who) {
    current->pause();
    current->agents_[self].history.push_back(rang);
    ++current->agents_[who].rings;
  }

  static uint64_t load(const uint64_t& word) {
    if (self == nobody)
      return word;
    current->pause();
    auto& me = current->agents_[self];
    auto value = word;
    for (auto& own : me.buffer)
      if (own.word == &word)
        value = own.value;
    me.history.push_back(value);
    return value;
  }

  static void store(uint64_t& word, uint64_t value, std::memory_order order) {
    if (self == nobody) {
      word = value;
      return;
    }
    current->pause();
    auto& me = current->agents_[self];
    me.history.push_back(stored);
    me.buffer.push_back({&word, value});
    if (order == std::memory_order_seq_cst)
      while (!me.buffer.empty())
        current->drain_one(me);
  }

private:
  struct choice {
    size_t taken;
    size_t possible;
  };

  struct buffered {
    uint64_t* word;
    uint64_t value;
  };

  struct agent_state {
    std::thread thread;
    std::binary_semaphore turn{0};
    std::deque<buffered> buffer;
    std::vector<uint64_t> history; // what it has loaded, and markers: all that its next step depends on
    uint64_t rings = 0;
    bool waits = false;
    bool done = false;

    bool can_step() const {
      return !done && (!waits || rings > 0);
    }
  };

  struct abandoned {};

  using states = std::set<std::vector<uint64_t>>;

  /// Handing over between threads is much cheaper on one processor than between two.
  class one_processor {
  public:
    one_processor() {
      sched_getaffinity(0, sizeof(before_), &before_);
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(sched_getcpu(), &one);
      sched_setaffinity(0, sizeof(one), &one);
    }

    ~one_processor() {
      sched_setaffinity(0, sizeof(before_), &before_);
    }

  private:
    cpu_set_t before_;
  };

  interleavings(std::vector<agent> bodies, std::vector<choice>& path, states& seen) : agents_(bodies.size()) {
    current = this;
    for (size_t i = 0; i < bodies.size(); ++i) {
      agents_[i].thread = std::thread{[this, i, body = std::move(bodies[i])] { run_agent(i, body); }};
      let_step(i); // up to its first access
    }
    follow(path, seen);
    for (auto& each : agents_)
      lost_ring_ |= !each.done;
    abandon_ = true;
    for (auto& each : agents_) {
      if (!each.done)
        each.turn.release();
      each.thread.join();
    }
    current = nullptr;
  }

  /// Runs to the end: along the path, then by first choices, which are added to the path while the states are new.
  void follow(std::vector<choice>& path, states& seen) {
    size_t depth = 0;
    bool known = false;
    for (auto possible = moves(); !possible.empty(); possible = moves()) {
      if (depth == path.size() && !known) {
        known = !seen.insert(state()).second;
        if (!known)
          path.push_back({0, possible.size()});
      }
      possible[depth < path.size() ? path[depth].taken : 0]();
      ++depth;
    }
  }

  std::vector<uint64_t> state() const {
    std::vector<uint64_t> result;
    for (auto& [word, value] : memory_)
      result.insert(result.end(), {reinterpret_cast<uint64_t>(word), value});
    for (auto& each : agents_) {
      result.insert(result.end(), {separator, each.rings, each.waits, each.buffer.size()});
      for (auto& own : each.buffer)
        result.insert(result.end(), {reinterpret_cast<uint64_t>(own.word), own.value});
      result.insert(result.end(), each.history.begin(), each.history.end());
    }
    return result;
  }

  std::vector<std::function<void()>> moves() {
    std::vector<std::function<void()>> result;
    for (size_t i = 0; i < agents_.size(); ++i) {
      if (agents_[i].can_step())
        result.push_back([this, i] { let_step(i); });
      if (!agents_[i].buffer.empty())
        result.push_back([this, i] { drain_one(agents_[i]); });
    }
    return result;
  }

  void drain_one(agent_state& from) {
    auto [word, value] = from.buffer.front();
    from.buffer.pop_front();
    *word = memory_[word] = value;
  }

  void run_agent(size_t index, const agent& body) {
    self = index;
    agents_[index].turn.acquire();
    try {
      body();
      agents_[index].done = true;
      stepped_.release();
    } catch (const abandoned&) {
    }
  }

  void let_step(size_t index) {
    agents_[index].turn.release();
    stepped_.acquire();
  }

  void pause() {
    stepped_.release();
    agents_[self].turn.acquire();
    if (abandon_)
      throw abandoned{}; // only from wait_for_ring: every other agent has ended
  }

  static bool next_path(std::vector<choice>& path) {
    while (!path.empty() && path.back().taken + 1 == path.back().possible)
      path.pop_back();
    if (path.empty())
      return false;
    ++path.back().taken;
    return true;
  }

  static constexpr size_t nobody = ~size_t{0};
  static constexpr uint64_t stored = ~uint64_t{0};
  static constexpr uint64_t woken = ~uint64_t{1};
  static constexpr uint64_t rang = ~uint64_t{2};
  static constexpr uint64_t separator = ~uint64_t{3};

  static inline thread_local size_t self = nobody;
  static inline interleavings* current = nullptr;

  std::deque<agent_state> agents_;
  std::map<uint64_t*, uint64_t> memory_; // the words that were written, as all agents see them
  std::binary_semaphore stepped_{0};
  bool abandon_ = false;
  bool lost_ring_ = false;
};

/// Stands for `std::atomic` in the views: each access is one step of an agent.
template <class T>
class stepped {
public:
  stepped() = default;

  T load(std::memory_order) const {
    return static_cast<T>(interleavings::load(word_));
  }

  void store(T value, std::memory_order order) {
    interleavings::store(word_, value, order);
  }

private:
  uint64_t word_ = 0;
};

} // namespace bulkhead::shm::test
