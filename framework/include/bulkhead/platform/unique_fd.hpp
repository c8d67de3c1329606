#pragma once

namespace bulkhead::platform {

/// Owns one file descriptor and closes it.
///
/// Thread safety: as a plain value. Lifetime: the descriptor's number is valid until `reset`, `release` or destruction.
class unique_fd {
public:
  /// Owns nothing.
  unique_fd() noexcept = default;

  /// Takes ownership of `fd`; -1 stands for nothing.
  explicit unique_fd(int fd) noexcept : fd_(fd) {}

  unique_fd(unique_fd&& other) noexcept : fd_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept;
  ~unique_fd();

  /// The descriptor's number, -1 if nothing is owned.
  [[nodiscard]] int get() const noexcept {
    return fd_;
  }

  /// Gives ownership to the caller.
  [[nodiscard]] int release() noexcept;

  /// Closes what is owned and takes ownership of `fd`.
  void reset(int fd = -1) noexcept;

  /// Whether a descriptor is owned.
  explicit operator bool() const noexcept {
    return fd_ >= 0;
  }

private:
  int fd_ = -1;
};

} // namespace bulkhead::platform
