#pragma once

#include <bulkhead/bulkhead.hpp>

#include <caf/actor.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
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
CAF_END_TYPE_ID_BLOCK(test)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(test_support::unwritable)
