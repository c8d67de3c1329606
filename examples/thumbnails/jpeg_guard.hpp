#pragma once

#include "decode.hpp"

#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

namespace thumbnails {

/// Lets C++ call libjpeg safely. The library reports an error by a function that must not return, and an exception must not
/// travel through its C frames: what is left is `longjmp`, which skips destructors. So every call into the library stands in
/// a step of its own, and `run` is the only function that is jumped into.
///
/// Thread safety: none. Lifetime: outlives the object that `attach` was called with, and does not move.
class jpeg_guard {
public:
  jpeg_guard();

  jpeg_guard(const jpeg_guard&) = delete;
  jpeg_guard& operator=(const jpeg_guard&) = delete;

  /// Makes errors of a `jpeg_decompress_struct` or `jpeg_compress_struct` arrive here.
  template <class Codec>
  void attach(Codec& codec) noexcept {
    codec.err = &manager_;
    codec.client_data = this;
  }

  /// Calls `step`, which must not own anything: it may be left in the middle.
  /// @returns false if the library reported an error; then `failure` says which.
  template <class Step>
  [[nodiscard]] bool run(const Step& step) noexcept {
    if (setjmp(escape_) != 0)
      return false;
    step();
    return true;
  }

  /// Whether the data ended before the picture did. The library only warns of that, and paints the rest gray.
  [[nodiscard]] bool ended_early() const noexcept {
    return ended_early_;
  }

  [[nodiscard]] decode_failure failure() const;

private:
  static void on_error(j_common_ptr codec);
  static void on_message(j_common_ptr codec, int level);

  jpeg_error_mgr manager_;
  std::jmp_buf escape_;
  bool ended_early_ = false;
  int code_ = 0;
  char text_[JMSG_LENGTH_MAX] = {};
};

} // namespace thumbnails
