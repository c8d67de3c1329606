#pragma once

#include <bulkhead/bulkhead.hpp>

#include <caf/actor.hpp>
#include <caf/default_enum_inspect.hpp>
#include <caf/detail/stringification_inspector.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace test_support {

using counter_actor = caf::typed_actor<caf::result<int32_t>(caf::get_atom), caf::result<void>(caf::add_atom, int32_t)>;

/// Can be written but not read. 2: throws what is no std::exception when it is read; 3: when it is written.
struct unreadable {
  int32_t value = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, unreadable& x) {
    if constexpr (Inspector::is_loading) {
      if (!f.object(x).fields(f.field("value", x.value)) || x.value == 2)
        throw x.value;
      f.emplace_error(caf::sec::runtime_error, "unreadable on purpose");
      return false;
    } else {
      if (x.value == 3)
        throw x.value;
      return f.object(x).fields(f.field("value", x.value));
    }
  }
};

/// Aborts the process that writes it (1) or reads it (2).
struct deadly {
  int32_t habit = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, deadly& x) {
    auto done = f.object(x).fields(f.field("habit", x.habit));
    if (x.habit == (Inspector::is_loading ? 2 : 1))
      std::abort();
    return done;
  }
};

/// Vectors of numbers among other fields.
struct recording {
  std::string name;
  std::vector<float> samples;
  std::vector<uint16_t> marks;
  std::vector<std::byte> raw;

  template <class Inspector>
  friend bool inspect(Inspector& f, recording& x) {
    return f.object(x).fields(f.field("name", x.name), f.field("samples", x.samples), f.field("marks", x.marks),
                              f.field("raw", x.raw));
  }

  friend bool operator==(const recording&, const recording&) = default;
};

/// As deep as whoever writes it likes.
struct tree {
  int32_t value = 0;
  std::vector<tree> children;

  template <class Inspector>
  friend bool inspect(Inspector& f, tree& x) {
    return f.object(x).fields(f.field("value", x.value), f.field("children", x.children));
  }
};

/// The same without an object and without a container.
struct chain {
  std::unique_ptr<chain> next;

  chain() = default;
  chain(chain&&) = default;
  chain& operator=(chain&&) = default;
  chain(const chain& other) : next(other.next ? std::make_unique<chain>(*other.next) : nullptr) {
    // nop
  }

  template <class Inspector>
  friend bool inspect(Inspector& f, chain& x) {
    auto goes_on = x.next != nullptr;
    if (!f.apply(goes_on))
      return false;
    if constexpr (Inspector::is_loading)
      x.next = goes_on ? std::make_unique<chain>() : nullptr;
    return !goes_on || f.apply(*x.next);
  }
};

/// Needs no byte in a message.
struct nothing {
  template <class Inspector>
  friend bool inspect(Inspector& f, nothing& x) {
    return f.object(x).fields();
  }
};

/// Read and written by CAF's own inspectors only.
struct old_fashioned {
  int32_t value = 0;
};

inline bool inspect(caf::binary_serializer& f, old_fashioned& x) {
  return f.apply(x.value);
}
inline bool inspect(caf::binary_deserializer& f, old_fashioned& x) {
  return f.apply(x.value);
}
inline bool inspect(caf::serializer& f, old_fashioned& x) {
  return f.apply(x.value);
}
inline bool inspect(caf::deserializer& f, old_fashioned& x) {
  return f.apply(x.value);
}
inline bool inspect(caf::detail::stringification_inspector& f, old_fashioned& x) {
  return f.apply(x.value);
}

/// An error code of an application.
enum class trouble : uint8_t { none, some };

inline std::string to_string(trouble x) {
  return x == trouble::some ? "some" : "none";
}
inline bool from_string(caf::string_view, trouble&) {
  return false;
}
inline bool from_integer(uint8_t number, trouble& x) {
  x = static_cast<trouble>(number);
  return number <= 1;
}
template <class Inspector>
bool inspect(Inspector& f, trouble& x) {
  return caf::default_enum_inspect(f, x);
}

/// Neither written nor read.
struct unwritable {
  int32_t value = 0;
};

/// Whole only if all its parts are the same.
struct reading {
  std::array<int64_t, 12> parts{};

  static reading of(int64_t number) {
    reading result;
    result.parts.fill(number);
    return result;
  }

  [[nodiscard]] bool whole() const {
    return std::all_of(parts.begin(), parts.end(), [this](int64_t x) { return x == parts[0]; });
  }
};

} // namespace test_support

CAF_BEGIN_TYPE_ID_BLOCK(test, first_custom_type_id)
  CAF_ADD_TYPE_ID(test, (test_support::counter_actor))
  CAF_ADD_TYPE_ID(test, (test_support::recording))
  CAF_ADD_TYPE_ID(test, (test_support::unreadable))
  CAF_ADD_TYPE_ID(test, (test_support::deadly))
  CAF_ADD_TYPE_ID(test, (test_support::unwritable))
  CAF_ADD_TYPE_ID(test, (std::vector<int32_t>) )
  CAF_ADD_TYPE_ID(test, (std::vector<float>) )
  CAF_ADD_TYPE_ID(test, (std::vector<double>) )
  CAF_ADD_TYPE_ID(test, (std::vector<bulkhead::fd>) )
  CAF_ADD_TYPE_ID(test, (bulkhead::shared_value<test_support::reading>) )
  CAF_ADD_TYPE_ID(test, (bulkhead::shared_value<int64_t>) )
  CAF_ADD_TYPE_ID(test, (bulkhead::shared_array<int32_t>) )
  CAF_ADD_TYPE_ID(test, (test_support::tree))
  CAF_ADD_TYPE_ID(test, (test_support::chain))
  CAF_ADD_TYPE_ID(test, (test_support::nothing))
  CAF_ADD_TYPE_ID(test, (std::vector<test_support::nothing>) )
  CAF_ADD_TYPE_ID(test, (test_support::old_fashioned))
  CAF_ADD_TYPE_ID(test, (test_support::trouble))
CAF_END_TYPE_ID_BLOCK(test)

CAF_ERROR_CODE_ENUM(test_support::trouble)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(test_support::unwritable)
