#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <type_traits>
#include <utility>

namespace test_support {

/// The values of a function for the numbers from `first` up to, and without, `last`. Each is computed when it is read, as by
/// `std::views::iota(first, last) | std::views::transform(fun)`, which clang compiles with libstdc++ only from version 16 on.
template <class F>
class generated_range {
public:
  class iterator {
  public:
    using value_type = std::remove_cvref_t<std::invoke_result_t<const F&, int32_t>>;
    using difference_type = std::ptrdiff_t;

    iterator() = default;

    iterator(const generated_range& range, int32_t at) : range_(&range), at_(at) {
      // nop
    }

    value_type operator*() const {
      return range_->fun_(at_);
    }

    iterator& operator++() {
      ++at_;
      return *this;
    }

    void operator++(int) {
      ++at_;
    }

    friend bool operator==(const iterator& x, std::default_sentinel_t) {
      return x.at_end();
    }

    [[nodiscard]] bool at_end() const {
      return at_ == range_->last_;
    }

  private:
    const generated_range* range_ = nullptr;
    int32_t at_ = 0;
  };

  generated_range(int32_t first, int32_t last, F fun) : first_(first), last_(last), fun_(std::move(fun)) {
    // nop
  }

  [[nodiscard]] iterator begin() const {
    return {*this, first_};
  }

  [[nodiscard]] std::default_sentinel_t end() const {
    return {};
  }

private:
  int32_t first_;
  int32_t last_;
  F fun_;
};

/// The numbers from `first` up to, and without, `last`.
inline auto numbers(int32_t first, int32_t last) {
  return generated_range{first, last, std::identity{}};
}

/// A range without end.
template <class F>
auto endless(F fun) {
  return generated_range{0, std::numeric_limits<int32_t>::max(), std::move(fun)};
}

} // namespace test_support
