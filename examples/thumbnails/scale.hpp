#pragma once

#include "picture.hpp"

namespace thumbnails {

/// Shrinks a picture to `width` pixels and keeps its proportions: each pixel of the result is the mean of the area that it
/// covers. A picture that is not wider comes back as it is.
///
/// @param width at least 1.
[[nodiscard]] picture scale_to_width(picture from, uint32_t width);

} // namespace thumbnails
