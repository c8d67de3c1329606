#pragma once

#include "bulkhead/shm/frozen_map.hpp"
#include "bulkhead/transport/shared_region.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace bulkhead {

/// A table from strings to strings (or any bytes) that is made once and then never changes, for all processes: settings, a
/// dictionary, a model's vocabulary. A handle; copies, also in other processes, share one memory, however large it is.
///
/// It is sealed against its own maker too, and checked once when it arrives in a process. So what was found stays as it is,
/// and a hostile maker can only have it refused, as `errc::decode_failed`.
///
/// Thread safety: as an immutable value. Lifetime: views are valid as long as any handle of this process that shares the
/// memory; the memory goes with the last handle of any process.
class shared_map {
public:
  /// Key and value.
  using item = shm::frozen_map::item;

  /// Empty.
  shared_map() noexcept = default;

  /// A table of `items`.
  /// @param items in any order; copied.
  /// @returns `caf::sec::invalid_argument` if two have the same key, `errc::resources_exhausted` if there is no memory.
  [[nodiscard]] static caf::expected<shared_map> make(std::vector<item> items);

  /// The same from a list.
  /// @param items in any order; copied.
  [[nodiscard]] static caf::expected<shared_map> make(std::initializer_list<item> items);

  /// The same from any container of pairs of strings, such as `std::map`.
  /// @param items copied.
  template <class Container>
    requires requires(const Container& x) {
      std::string_view{x.begin()->first}, std::string_view{x.begin()->second};
    }
  [[nodiscard]] static caf::expected<shared_map> make(const Container& items) {
    std::vector<item> views;
    for (auto& [key, value] : items)
      views.emplace_back(key, value);
    return make(std::move(views));
  }

  /// The value of `key`, aligned to 8 bytes. Takes no memory, and time that grows with the logarithm of the size.
  /// @param key any bytes.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const noexcept {
    return table_.find(key);
  }

  /// The value of `key`, or `otherwise`.
  /// @param key any bytes.
  /// @param otherwise returned as it is.
  [[nodiscard]] std::string_view get_or(std::string_view key, std::string_view otherwise) const noexcept {
    return find(key).value_or(otherwise);
  }

  /// Whether there is a value of `key`.
  /// @param key any bytes.
  [[nodiscard]] bool contains(std::string_view key) const noexcept {
    return find(key).has_value();
  }

  /// Number of keys.
  [[nodiscard]] size_t size() const noexcept {
    return table_.size();
  }
  /// Whether there are no keys.
  [[nodiscard]] bool empty() const noexcept {
    return size() == 0;
  }

  /// Key and value at a place in the order of the keys.
  /// @param index below `size()`.
  [[nodiscard]] item at(size_t index) const noexcept {
    return table_.at(index);
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, shared_map& x) {
    return transport::inspect_ticket(f, x);
  }

  // -- for Bulkhead -----------------------------------------------------------

  [[nodiscard]] transport::shared_ticket to_ticket() const;
  [[nodiscard]] caf::error from_ticket(transport::shared_ticket& ticket);

private:
  transport::shared_region::pointer region_;
  shm::frozen_map table_;
};

} // namespace bulkhead
