#pragma once

#include "ledger.hpp"
#include "services.hpp"

#include <atomic>
#include <condition_variable>
#include <iosfwd>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace soak {

/// Kills and stops the processes of the services, replaces and upgrades them, and starts others that live shortly; on a thread of its own.
///
/// Thread safety: of one thread. Lifetime: ends before what it was given.
class chaos {
public:
  chaos(test_support::host_fixture& where, const services& targets, ledger& short_lived, uint32_t seed);
  ~chaos();
  chaos(const chaos&) = delete;
  chaos& operator=(const chaos&) = delete;

  void go_on();

  /// Does nothing more, and leaves no process stopped and no upgrade under way.
  /// @returns the upgrades and drains that did not end in time.
  std::string hold();

  [[nodiscard]] uint64_t kills() const noexcept {
    return kills_;
  }

  void print(std::ostream& out) const;

private:
  void run();
  void do_something();
  void kill_one();
  void stop_one();
  void recycle_one();
  void upgrade_one();
  void start_one();
  [[nodiscard]] size_t any();
  [[nodiscard]] int any_process();

  /// Upgrades and drains. Their futures may be done after this has gone.
  class operations {
  public:
    uint64_t begin(std::string what);
    void end(uint64_t number, std::atomic<uint64_t>& counted);
    [[nodiscard]] std::string under_way() const;

    std::atomic<uint64_t> upgraded = 0;
    std::atomic<uint64_t> not_upgraded = 0;
    std::atomic<uint64_t> drained = 0;

  private:
    mutable std::mutex mutex_;
    uint64_t last_ = 0;
    std::map<uint64_t, std::string> open_;
  };

  test_support::host_fixture& where_;
  const std::vector<std::pair<std::string, caf::actor>> supervised_;
  ledger& books_;
  const std::string program_;
  std::minstd_rand random_;
  std::shared_ptr<operations> operations_ = std::make_shared<operations>();
  std::atomic<uint64_t> kills_ = 0;
  std::atomic<uint64_t> stops_ = 0;
  std::atomic<uint64_t> recycled_ = 0;
  std::atomic<uint64_t> not_started_ = 0;

  /// Held during each deed.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool running_ = false;
  bool over_ = false;
  std::thread thread_;
};

} // namespace soak
