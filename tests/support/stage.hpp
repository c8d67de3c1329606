#pragma once

#include "support/fixture.hpp"

#include <filesystem>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <utility>

namespace test_support {

/// Where the actors of a conformance test run. What the test sees must not depend on it.
enum class place {
  in_host,
  in_worker,
};

inline std::ostream& operator<<(std::ostream& out, place where) {
  return out << (where == place::in_host ? "in the host" : "in a worker");
}

/// Whether this program was built with a sanitizer, which makes it several times slower.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// A host system that spawns its named actors at one place.
class stage : public host_fixture {
public:
  explicit stage(place where, size_t scheduler_threads = 2) : host_fixture(scheduler_threads), where_(where) {
    options.where = where == place::in_host ? bulkhead::placement::in_process : bulkhead::placement::own_process;
  }

  /// Spawns in the host, or in a worker of its own.
  template <class Handle = caf::actor, class... Ts>
  Handle spawn(std::string_view name, Ts&&... arguments) {
    return unwrap(host.spawn<Handle>(name, options, std::forward<Ts>(arguments)...));
  }

  /// Spawns in the host, or in the one worker that all actors share that are spawned with this function.
  template <class Handle = caf::actor, class... Ts>
  Handle spawn_together(std::string_view name, Ts&&... arguments) {
    if (where_ == place::in_host)
      return spawn<Handle>(name, std::forward<Ts>(arguments)...);
    if (!common_)
      common_ = unwrap(host.start_worker(options));
    return unwrap(common_->spawn<Handle>(name, std::forward<Ts>(arguments)...));
  }

  bulkhead::worker_options options;
  caf::scoped_actor self{sys};

private:
  template <class T>
  static T unwrap(caf::expected<T> result) {
    if (!result)
      throw std::runtime_error{"cannot spawn: " + to_string(result.error())};
    return std::move(*result);
  }

  const place where_;
  std::optional<bulkhead::worker> common_;
};

/// Sends a request and waits for the response.
template <class Response, class Handle, class... Ts>
caf::expected<Response> ask(caf::scoped_actor& self, const Handle& to, Ts&&... content) {
  caf::expected<Response> result{caf::make_error(caf::sec::runtime_error, "no response")};
  auto failed = [&](caf::error& reason) { result = std::move(reason); };
  if constexpr (std::is_void_v<Response>)
    self->request(to, patience, std::forward<Ts>(content)...).receive([&] { result = {}; }, failed);
  else
    self->request(to, patience, std::forward<Ts>(content)...)
      .receive([&](Response& response) { result = std::move(response); }, failed);
  return result;
}

/// The next message that consists of one T; empty if none comes.
template <class T>
std::optional<T> next(caf::scoped_actor& self) {
  std::optional<T> result;
  self->receive([&](T& content) { result = std::move(content); }, caf::after(patience) >> [] {});
  return result;
}

/// The reason with which `who` ends. To be called after `self->monitor(who)`.
template <class Handle>
std::optional<caf::error> end_of(caf::scoped_actor& self, const Handle& who) {
  auto report = next<caf::down_msg>(self);
  if (!report || report->source != who.address())
    return std::nullopt;
  return std::move(report->reason);
}

/// A closed door between two processes: who waits for it holds up its whole thread.
class gate {
public:
  gate();
  ~gate();
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  void open() const;

  [[nodiscard]] const std::string& path() const noexcept {
    return path_;
  }

  /// Returns whether the gate at `path` was opened in time.
  static bool wait_for(const std::string& path);

private:
  std::string path_;
};

} // namespace test_support
