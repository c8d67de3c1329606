#pragma once

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace bulkhead::shm {

class change_watch;

} // namespace bulkhead::shm

namespace bulkhead::runtime {

/// Tells those who wait for a change of shared state that there is one. Its actor lives in the writer's process and travels
/// with the handles, so waiting is a request, which every process can send and which ends when this process dies.
///
/// A store sends a message only if somebody waits.
///
/// Thread safety: `changed` from any thread; destruction excludes all else. Lifetime: the actor ends with it; whoever waits gets
/// `caf::sec::request_receiver_down`. The actor system waits for its end.
class herald {
public:
  /// Requests that wait at the same time. One more, and the oldest fails with `errc::mailbox_full`.
  static constexpr size_t waiters_max = 4096;

  /// @param version gives the current version; must be callable from any thread as long as any copy of the actor's handle exists.
  herald(caf::actor_system& system, std::function<uint64_t()> version);
  ~herald();
  herald(const herald&) = delete;
  herald& operator=(const herald&) = delete;

  /// To be called after each change of the version.
  void changed();

  /// Answers `(wait_for_atom, uint64_t seen)` with the version when it is another one than `seen`.
  [[nodiscard]] const caf::actor& actor() const noexcept {
    return actor_;
  }

private:
  std::shared_ptr<shm::change_watch> watch_;
  caf::actor actor_;
};

} // namespace bulkhead::runtime
