#include "colour_profile.hpp"

#include <lcms2.h>

#include <vector>

namespace thumbnails {

namespace {

bool has_four_inks(pixel_layout pixels) {
  return pixels == pixel_layout::cmyk || pixels == pixel_layout::inverted_cmyk;
}

cmsUInt32Number format_of(pixel_layout pixels) {
  switch (pixels) {
  case pixel_layout::rgba:
    return TYPE_RGBA_8;
  case pixel_layout::cmyk:
    return TYPE_CMYK_8;
  case pixel_layout::inverted_cmyk:
    return TYPE_CMYK_8_REV;
  case pixel_layout::rgb:
    break;
  }
  return TYPE_RGB_8;
}

} // namespace

colour_profile::colour_profile(std::span<const std::byte> icc, pixel_layout pixels) {
  auto profile = icc.empty() ? nullptr : cmsOpenProfileFromMem(icc.data(), static_cast<cmsUInt32Number>(icc.size()));
  if (!profile)
    return;
  auto srgb = cmsCreate_sRGBProfile();
  auto space = cmsGetColorSpace(profile);
  auto to = pixels == pixel_layout::rgba ? TYPE_RGBA_8 : TYPE_RGB_8;
  auto make = [&](cmsUInt32Number from, cmsUInt32Number into) {
    return cmsCreateTransform(profile, from, srgb, into, INTENT_PERCEPTUAL,
                              pixels == pixel_layout::rgba ? cmsFLAGS_COPY_ALPHA : 0);
  };
  if (space == (has_four_inks(pixels) ? cmsSigCmykData : cmsSigRgbData)) {
    transform_ = make(format_of(pixels), to);
  } else if (space == cmsSigGrayData && !has_four_inks(pixels)) {
    gray_step_ = pixels == pixel_layout::rgba ? 4 : 3;
    transform_ = make(pixels == pixel_layout::rgba ? TYPE_GRAYA_8 : TYPE_GRAY_8, to);
  }
  cmsCloseProfile(srgb);
  cmsCloseProfile(profile);
}

colour_profile::~colour_profile() {
  if (transform_)
    cmsDeleteTransform(transform_);
}

void colour_profile::convert(const uint8_t* from, uint8_t* to, uint32_t pixels) const {
  if (gray_step_ == 0) {
    cmsDoTransform(transform_, from, to, pixels);
    return;
  }
  auto values = gray_step_ - 2; // without two of the three equal colours
  std::vector<uint8_t> gray(pixels * values);
  for (size_t i = 0; i < pixels; ++i) {
    gray[i * values] = from[i * gray_step_];
    gray[i * values + values - 1] = from[i * gray_step_ + (values - 1) * 3];
  }
  cmsDoTransform(transform_, gray.data(), to, pixels);
}

} // namespace thumbnails
