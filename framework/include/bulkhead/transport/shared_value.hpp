#pragma once

#include "bulkhead/shm/value_slots.hpp"
#include "bulkhead/transport/array.hpp"
#include "bulkhead/transport/shared_region.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace bulkhead {

/// Largest value, in bytes. Its memory is up to sixteen times as large.
constexpr size_t shared_value_bytes_max = size_t{16} << 20;

/// What a `shared_value` may hold.
template <class T>
concept shareable_value = plain_value<T> && sizeof(T) <= shared_value_bytes_max;

/// A value that one process publishes and all others read when they like: progress, a configuration, a frame. This is the
/// handle; copies are cheap, and it travels in messages to any process of the host. Its `shared_value_writer` stores.
///
/// A read is a few loads from memory: no message, no system call, no waiting for the writer, and never a value of which a part
/// is older. A type in messages needs a type id, so does `shared_value<T>`:
/// `CAF_ADD_TYPE_ID(my_app, (bulkhead::shared_value<my_app::progress>) )`.
///
/// The bytes are what the writer's process says. A value from a worker that may be hostile is whole but need not make sense:
/// check enumerations, indexes and the like.
///
/// Thread safety: any thread. Lifetime: the last value stays readable when its writer, or its writer's process, has ended. The
/// memory goes with the last handle of any process.
template <class T>
class shared_value : public transport::changing_handle {
  static_assert(shareable_value<T>,
                "a shared value is plain memory of at most 16 MiB: numbers, or a struct of them and of arrays of a "
                "fixed size, without pointers, strings or vectors; send anything else as a message");

public:
  /// Empty.
  shared_value() noexcept = default;

  /// The latest value; never an earlier one than was read before.
  /// @throws shared_state_error when `try_load` fails: the handle is empty, or the writer is no honest one. No check is
  ///         needed for a writer that this process trusts.
  [[nodiscard]] T load() const {
    auto result = try_load();
    if (!result)
      transport::throw_unreadable(result.error());
    return *result;
  }

  /// The same for writers that are not trusted. Tries a bounded number of times.
  /// @returns `errc::value_unreadable`.
  [[nodiscard]] caf::expected<T> try_load() const {
    T result{};
    if (!region_ || !reader().load(&result))
      return transport::unreadable(region_ == nullptr);
    return result;
  }

  /// How often it was stored, beginning with 1; 0 for an empty handle. May be outdated at once.
  [[nodiscard]] uint64_t version() const noexcept {
    return region_ ? reader().version() : 0;
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, shared_value& x) {
    return transport::inspect_ticket(f, x);
  }

  // -- for Bulkhead -----------------------------------------------------------

  shared_value(transport::shared_region::pointer region, caf::actor herald) noexcept
    : changing_handle(std::move(region), std::move(herald)) {
    // nop
  }

  [[nodiscard]] transport::shared_ticket to_ticket() const {
    return {label(), sizeof(T), region_ ? region_->file() : fd{}, herald_};
  }

  [[nodiscard]] caf::error from_ticket(transport::shared_ticket& ticket) {
    *this = {};
    if (auto failed = transport::check_label(ticket, label()))
      return failed;
    if (!ticket.file)
      return {};
    auto region = transport::shared_region::adopt(ticket.file, layout.bytes(), transport::region_writers::maker);
    if (!region)
      return std::move(region.error());
    *this = shared_value{std::move(*region), std::move(ticket.herald)};
    return {};
  }

  static constexpr shm::value_layout layout{sizeof(T)};

private:
  static const std::string& label() {
    static const auto result = transport::shared_label("shared_value", typeid(T), sizeof(T));
    return result;
  }

  [[nodiscard]] shm::value_reader reader() const noexcept {
    return {region_->data(), layout};
  }
};

} // namespace bulkhead
