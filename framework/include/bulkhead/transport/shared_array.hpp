#pragma once

#include "bulkhead/shm/twin_array.hpp"
#include "bulkhead/transport/array.hpp"
#include "bulkhead/transport/shared_region.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace bulkhead {

/// What a `shared_array` may hold: numbers, enumerations and small structs without padding, of 1, 2, 4 or 8 bytes. A
/// `shared_value` holds what is larger, also a whole `std::array`.
template <class T>
concept shareable_element = plain_value<T> &&(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);

namespace transport {

/// The integer of `Bytes` bytes.
template <size_t Bytes>
using word_of =
  std::conditional_t<Bytes == 1, uint8_t,
                     std::conditional_t<Bytes == 2, uint16_t, std::conditional_t<Bytes == 4, uint32_t, uint64_t>>>;

/// Most elements of an array: beyond this, sizes in bytes could overflow.
constexpr uint64_t elements_max = uint64_t{1} << 40;

} // namespace transport

/// An array of a fixed length that one process changes and all others read when they like: the progress of many tasks, the
/// load of many sources. This is the handle; copies are cheap, and it travels in messages to any process of the host. Its
/// `shared_array_writer` changes single elements, or several at once.
///
/// Reading costs neither a message nor a system call, and nobody waits for the writer. As a type in messages it needs a type
/// id, and its bytes are what the writer's process says: see `shared_value`.
///
/// Thread safety: any thread. Lifetime: the elements stay readable when the writer, or its process, has ended. The memory goes
/// with the last handle of any process.
template <class T>
class shared_array : public transport::changing_handle {
  static_assert(shareable_element<T>,
                "an element of a shared array is a plain value of 1, 2, 4 or 8 bytes: take a shared value of a "
                "std::array for larger ones");

public:
  /// Empty: without elements.
  shared_array() noexcept = default;

  /// Number of elements.
  [[nodiscard]] size_t size() const noexcept {
    return count_;
  }

  /// One element, which is never torn.
  /// @param index below `size()`.
  /// @throws std::out_of_range for an index that is not below `size()`
  [[nodiscard]] T at(size_t index) const {
    if (index >= count_)
      throw std::out_of_range{"shared_array: index " + std::to_string(index) + " of " + std::to_string(count_)};
    return std::bit_cast<T>(reader().get(index));
  }

  /// All elements as they are between two updates.
  /// @throws shared_state_error when `try_snapshot` fails
  [[nodiscard]] std::vector<T> snapshot() const {
    auto result = try_snapshot(0, count_);
    if (!result)
      transport::throw_unreadable(result.error());
    return std::move(*result);
  }

  /// `count` elements from `first` on, as they are between two updates; fewer at the end of the array. Elements that are set
  /// singly come as each is at the moment. Tries a bounded number of times.
  /// @param first in elements.
  /// @param count in elements.
  /// @returns `errc::value_unreadable` if each try was disturbed by an update: the writer never pauses.
  [[nodiscard]] caf::expected<std::vector<T>> try_snapshot(size_t first = 0, size_t count = SIZE_MAX) const {
    first = first < count_ ? first : count_;
    count = count < count_ - first ? count : count_ - first;
    std::vector<word> words(count);
    if (count > 0 && !reader().snapshot(first, words))
      return transport::unreadable(false);
    std::vector<T> result(count);
    for (size_t i = 0; i < count; ++i)
      result[i] = std::bit_cast<T>(words[i]);
    return result;
  }

  /// How often it was changed; an update is one change. May be outdated at once.
  [[nodiscard]] uint64_t version() const noexcept {
    return region_ ? reader().version() : 0;
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, shared_array& x) {
    return transport::inspect_ticket(f, x);
  }

  // -- for Bulkhead -----------------------------------------------------------

  using word = transport::word_of<sizeof(T)>;

  shared_array(transport::shared_region::pointer region, size_t count, caf::actor herald) noexcept
    : changing_handle(std::move(region), std::move(herald)), count_(count) {
    // nop
  }

  [[nodiscard]] transport::shared_ticket to_ticket() const {
    return {label(), count_, region_ ? region_->file() : fd{}, herald_};
  }

  [[nodiscard]] caf::error from_ticket(transport::shared_ticket& ticket) {
    *this = {};
    if (auto failed = transport::check_label(ticket, label()))
      return failed;
    if (!ticket.file)
      return {};
    auto count = ticket.extent < transport::elements_max ? static_cast<size_t>(ticket.extent) : 0; // 0 fits no memory
    auto region =
      transport::shared_region::adopt(ticket.file, count > 0 ? bytes_for(count) : 0, transport::region_writers::maker);
    if (!region)
      return std::move(region.error());
    *this = shared_array{std::move(*region), count, std::move(ticket.herald)};
    return {};
  }

  static size_t bytes_for(size_t count) noexcept {
    return shm::twin_layout{count, sizeof(T)}.bytes();
  }

private:
  static const std::string& label() {
    static const auto result = transport::shared_label("shared_array", typeid(T), sizeof(T));
    return result;
  }

  [[nodiscard]] shm::twin_array_reader<word> reader() const noexcept {
    return {region_->data(), count_};
  }

  size_t count_ = 0;
};

} // namespace bulkhead
