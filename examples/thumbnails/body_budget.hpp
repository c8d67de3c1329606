#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace thumbnails {

/// Limits the memory of all request bodies together: a thousand clients may each announce the largest body that is accepted.
///
/// Thread safety: full. Lifetime: a share keeps its budget alive.
class body_budget : public std::enable_shared_from_this<body_budget> {
public:
  explicit body_budget(uint64_t bytes_max) : left_(bytes_max) {
    // nop
  }

  /// Part of a budget, which its end gives back.
  class share {
  public:
    share() = default;
    share(share&& other) noexcept : from_(std::move(other.from_)), bytes_(other.bytes_) {
      // nop
    }
    share& operator=(share&& other) noexcept {
      std::swap(from_, other.from_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~share() {
      if (from_)
        from_->left_ += bytes_;
    }

    explicit operator bool() const noexcept {
      return from_ != nullptr;
    }

  private:
    friend class body_budget;

    share(std::shared_ptr<body_budget> from, uint64_t bytes) : from_(std::move(from)), bytes_(bytes) {
      // nop
    }

    std::shared_ptr<body_budget> from_;
    uint64_t bytes_ = 0;
  };

  /// @returns an empty share if less is left.
  [[nodiscard]] share take(uint64_t bytes) {
    for (auto left = left_.load(); left >= bytes;)
      if (left_.compare_exchange_weak(left, left - bytes))
        return {shared_from_this(), bytes};
    return {};
  }

private:
  std::atomic<uint64_t> left_;
};

} // namespace thumbnails
