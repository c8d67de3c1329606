#pragma once

#include "bulkhead/platform/mapping.hpp"
#include "bulkhead/transport/fd.hpp"

#include <caf/actor.hpp>
#include <caf/expected.hpp>
#include <caf/timespan.hpp>
#include <caf/type_id.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>

namespace bulkhead {

/// What the short forms of reading shared state throw: `load()`, `snapshot()`. An actor that does not catch it ends with its
/// text. The forms that begin with `try_` return `errc::value_unreadable` instead.
class shared_state_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace bulkhead

namespace bulkhead::transport {

/// Who may write to a region of shared state.
enum class region_writers : uint8_t {
  /// The process that made it.
  maker,
  /// Nobody, once it is made.
  nobody,
  /// Each process that has it.
  everybody,
};

/// Memory of shared state as one process sees it, and the descriptor with which it is handed on.
///
/// Thread safety: as an immutable value; what lies in the memory is the business of its users. Lifetime: descriptor and
/// mapping go with the object, the memory with the last of them in any process.
class shared_region {
public:
  using pointer = std::shared_ptr<const shared_region>;
  using fill_function = std::function<void(std::span<std::byte>)>;

  /// Makes memory of `bytes` zero bytes, all of them reserved.
  /// @param fill writes what stands in it before anybody else sees it; may be empty.
  /// @returns `errc::resources_exhausted` with the call that failed.
  [[nodiscard]] static caf::expected<pointer> make(size_t bytes, region_writers writers,
                                                   const fill_function& fill = {});

  /// Maps memory that may come from another process. Its size, its seals and its pages are checked.
  /// @returns `errc::decode_failed` with what is wrong with it.
  [[nodiscard]] static caf::expected<pointer> adopt(const fd& file, size_t bytes, region_writers writers);

  shared_region(fd file, platform::mapping memory) noexcept;

  /// Writable for those who may write.
  [[nodiscard]] std::byte* data() const noexcept {
    return memory_.data();
  }
  [[nodiscard]] size_t size() const noexcept {
    return memory_.size();
  }
  [[nodiscard]] const fd& file() const noexcept {
    return file_;
  }

private:
  fd file_;
  platform::mapping memory_;
};

/// What a handle of shared state is while it travels.
struct shared_ticket {
  /// Says what lies in the memory; see `shared_label`.
  std::string label;
  /// How much of it: bytes, or elements.
  uint64_t extent = 0;
  /// None: an empty handle.
  fd file;
  /// Answers those who wait for a change; none if nobody can.
  caf::actor herald;

  template <class Inspector>
  friend bool inspect(Inspector& f, shared_ticket& x) {
    return f.object(x).pretty_name("shared").fields(f.field("label", x.label), f.field("extent", x.extent),
                                                    f.field("file", x.file), f.field("herald", x.herald));
  }
};

/// A handle of shared state whose changes can be awaited.
///
/// Thread safety and lifetime: of the handles that derive from it.
class changing_handle {
public:
  /// Requests to be told when the version is another one than `seen`; the answer is the version then. Changes that come
  /// close together are one. `value.when_changed(self, seen).then([=](uint64_t now) { ... })`
  ///
  /// Fails as any request to an actor of the writer's process does: `errc::worker_lost` when that process dies,
  /// `caf::sec::request_receiver_down` when the writer ends, `caf::sec::invalid_argument` for an empty handle; and with
  /// `errc::mailbox_full` if 4096 later requests wait as well.
  /// @param self the actor that asks; of a `caf::scoped_actor` its `ptr()`.
  template <class Self>
  auto when_changed(Self* self, uint64_t seen, caf::timespan timeout = caf::infinite) const {
    return self->request(herald_, timeout, caf::wait_for_atom_v, seen);
  }

  /// The actor that answers `when_changed`, for monitors.
  [[nodiscard]] const caf::actor& herald() const noexcept {
    return herald_;
  }

  /// Whether it is not empty.
  explicit operator bool() const noexcept {
    return region_ != nullptr;
  }

protected:
  changing_handle() noexcept = default;

  changing_handle(shared_region::pointer region, caf::actor herald) noexcept
    : region_(std::move(region)), herald_(std::move(herald)) {
    // nop
  }

  ~changing_handle() = default;
  changing_handle(const changing_handle&) = default;
  changing_handle& operator=(const changing_handle&) = default;
  changing_handle(changing_handle&&) noexcept = default;
  changing_handle& operator=(changing_handle&&) noexcept = default;

  shared_region::pointer region_;
  caf::actor herald_;
};

/// Names a kind of shared state and the type in it, so that one is not taken for another.
/// @param kind without a slash.
[[nodiscard]] std::string shared_label(const char* kind, const std::type_info& type, size_t type_bytes);

/// @returns an error that names both, in words, if `ticket` holds something else than `expected`.
[[nodiscard]] caf::error check_label(const shared_ticket& ticket, const std::string& expected);

/// The error of an empty handle, or of memory that its writer keeps from being read.
[[nodiscard]] caf::error unreadable(bool empty);

/// Throws `shared_state_error` with the text of `reason`.
[[noreturn]] void throw_unreadable(const caf::error& reason);

/// Lets `x` travel as a ticket: saves `x.to_ticket()`, loads with `x.from_ticket(shared_ticket&)`, which returns an error.
template <class Inspector, class Handle>
bool inspect_ticket(Inspector& f, Handle& x) {
  if constexpr (Inspector::is_loading) {
    shared_ticket ticket;
    if (!f.apply(ticket))
      return false;
    if (auto failed = x.from_ticket(ticket)) {
      f.emplace_error(caf::sec::conversion_failed, to_string(failed.context()));
      return false;
    }
    return true;
  } else {
    auto ticket = x.to_ticket();
    return f.apply(ticket);
  }
}

} // namespace bulkhead::transport
