#pragma once

#include "bulkhead/transport/number_vectors.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/fwd.hpp>
#include <caf/load_inspector_base.hpp>
#include <caf/span.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace bulkhead::transport {

/// How deep the values of one record may be nested: objects, fields of compound types, and messages count one each.
constexpr size_t nesting_max = 256;

/// So many elements that need no byte may a record claim, besides one for each of its bytes.
constexpr size_t empty_elements_max = 65'536;

/// Reads CAF's binary format, as `caf::binary_deserializer` does, from bytes that another process has written. Those say how deep
/// values are nested and how many elements a container has: both are compared with a limit before they cost stack or memory. CAF's
/// own inspector calls nothing that could count, so this is another one, and each `inspect` is compiled for it as well.
///
/// A type that can be read by `caf::binary_deserializer` only is read by that one, and nothing inside of it is counted.
///
/// Thread safety: of one thread. Lifetime: for one record, whose bytes must outlive it.
class checked_deserializer : public caf::load_inspector_base<checked_deserializer> {
public:
  using super = caf::load_inspector_base<checked_deserializer>;

  /// @param context gives handles their actor system; null: a handle is an error.
  checked_deserializer(caf::execution_unit* context, std::span<const std::byte> input) noexcept;

  // -- what inspect overloads may ask -------------------------------------------

  static constexpr bool has_human_readable_format() noexcept {
    return false;
  }
  [[nodiscard]] size_t remaining() const noexcept {
    return source_.remaining();
  }
  [[nodiscard]] caf::span<const caf::byte> remainder() const noexcept {
    return source_.remainder();
  }
  [[nodiscard]] caf::execution_unit* context() const noexcept {
    return source_.context();
  }
  /// @param bytes at most `remaining()`.
  void skip(size_t bytes) {
    source_.skip(bytes);
  }

  // -- what CAF calls of an inspector -------------------------------------------

  bool fetch_next_object_type(caf::type_id_t& type) {
    return source_.fetch_next_object_type(type) || failed();
  }
  bool begin_object(caf::type_id_t, caf::string_view) {
    return enter();
  }
  bool end_object() noexcept {
    leave();
    return true;
  }
  constexpr bool begin_field(caf::string_view) noexcept {
    return true;
  }
  bool begin_field(caf::string_view name, bool& is_present) {
    return source_.begin_field(name, is_present) || failed();
  }
  bool begin_field(caf::string_view name, caf::span<const caf::type_id_t> types, size_t& index) {
    return source_.begin_field(name, types, index) || failed();
  }
  bool begin_field(caf::string_view name, bool& is_present, caf::span<const caf::type_id_t> types, size_t& index) {
    return source_.begin_field(name, is_present, types, index) || failed();
  }
  constexpr bool end_field() noexcept {
    return true;
  }
  constexpr bool begin_tuple(size_t) noexcept {
    return true;
  }
  constexpr bool end_tuple() noexcept {
    return true;
  }
  constexpr bool begin_key_value_pair() noexcept {
    return true;
  }
  constexpr bool end_key_value_pair() noexcept {
    return true;
  }
  bool begin_sequence(size_t& count);
  constexpr bool end_sequence() noexcept {
    return true;
  }
  bool begin_associative_array(size_t& count) {
    return begin_sequence(count);
  }
  constexpr bool end_associative_array() noexcept {
    return true;
  }

  template <class T>
    requires(std::is_arithmetic_v<T> || std::is_same_v<T, caf::byte>)
  bool value(T& x) {
    if constexpr (std::is_same_v<T, long double>)
      return (has_count() && source_.value(x)) || failed();
    else
      return source_.value(x) || failed();
  }
  bool value(caf::span<caf::byte> x) {
    return source_.value(x) || failed();
  }
  bool value(std::string& x);
  bool value(std::u16string& x);
  bool value(std::u32string& x);
  bool value(std::vector<bool>& x);

  using super::apply;

  template <class T>
  [[nodiscard]] bool apply(T& x) {
    static_assert(!std::is_const_v<T>);
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::string>) {
      return caf::detail::load(*this, x);
    } else {
      level here{*this};
      return here.allowed() && caf::detail::load(*this, x);
    }
  }

  bool builtin_inspect(caf::message& x);

  /// An error says of which type its code is, and CAF prints the code as one of that type without another look.
  bool builtin_inspect(caf::error& x);

  template <fixed_size_number T, class Allocator>
  bool builtin_inspect(std::vector<T, Allocator>& xs) {
    return inspect(source_, xs) || failed();
  }

  /// For types without an `inspect` that this inspector could call.
  template <class T>
  auto opaque_value(T& x) -> decltype(std::declval<caf::binary_deserializer&>().apply(x)) {
    return source_.apply(x) || failed();
  }

private:
  /// One more level while it lives.
  class level {
  public:
    explicit level(checked_deserializer& source) : source_(source), allowed_(source.enter()) {
      // nop
    }
    ~level() {
      if (allowed_)
        source_.leave();
    }
    level(const level&) = delete;
    level& operator=(const level&) = delete;
    [[nodiscard]] bool allowed() const noexcept {
      return allowed_;
    }

  private:
    checked_deserializer& source_;
    const bool allowed_;
  };

  bool enter() {
    if (depth_ == nesting_max)
      return too_deep();
    ++depth_;
    return true;
  }
  void leave() noexcept {
    if (depth_ > 0)
      --depth_;
  }

  bool too_deep();

  /// Whether a count of at most 32 bits stands next: CAF shifts by as much as the input says.
  bool has_count();

  /// Takes the error over.
  bool failed();

  caf::binary_deserializer source_;
  size_t depth_ = 0;
  size_t elements_left_;
};

} // namespace bulkhead::transport
