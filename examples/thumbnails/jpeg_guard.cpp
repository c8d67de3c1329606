#include "jpeg_guard.hpp"

#include <jerror.h>

namespace thumbnails {

jpeg_guard::jpeg_guard() {
  jpeg_std_error(&manager_);
  manager_.error_exit = &on_error;
  manager_.emit_message = &on_message;
}

void jpeg_guard::on_error(j_common_ptr codec) {
  auto self = static_cast<jpeg_guard*>(codec->client_data);
  self->code_ = codec->err->msg_code;
  codec->err->format_message(codec, self->text_);
  std::longjmp(self->escape_, 1);
}

// Warnings have a negative level. Many pictures that all programs show have some; only a missing end is fatal here.
void jpeg_guard::on_message(j_common_ptr codec, int level) {
  auto code = codec->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER))
    static_cast<jpeg_guard*>(codec->client_data)->ended_early_ = true;
}

decode_failure jpeg_guard::failure() const {
  if (code_ == JERR_OUT_OF_MEMORY)
    return {picture_error::out_of_memory, text_};
  if (code_ == JERR_IMAGE_TOO_BIG)
    return {picture_error::too_large, text_};
  return {picture_error::damaged, text_};
}

} // namespace thumbnails
