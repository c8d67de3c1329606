#include "scale.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace thumbnails {

namespace {

/// A run of source pixels that one pixel of the result covers. Weights are 1 inside; at the ends, the covered part.
struct span_of_source {
  uint32_t first;
  uint32_t last;
  float first_weight;
  float last_weight;

  [[nodiscard]] float weight(uint32_t at) const noexcept {
    return at == first ? first_weight : at == last ? last_weight : 1.0F;
  }
};

std::vector<span_of_source> cover(uint32_t from, uint32_t to) {
  std::vector<span_of_source> result(to);
  auto step = static_cast<double>(from) / to;
  for (uint32_t i = 0; i < to; ++i) {
    auto begin = i * step;
    auto end = std::min((i + 1) * step, static_cast<double>(from));
    auto first = std::min(static_cast<uint32_t>(begin), from - 1);
    auto last = std::min(static_cast<uint32_t>(end), from - 1);
    auto first_weight = std::min(end, first + 1.0) - begin;
    result[i] = {first, last, static_cast<float>(first_weight), static_cast<float>(end - last)};
  }
  return result;
}

// Adds one row, shrunk and times `weight`, to `sums`.
void add_row(const uint8_t* row, const std::vector<span_of_source>& columns, float weight, std::vector<float>& sums) {
  for (size_t x = 0; x < columns.size(); ++x) {
    auto& column = columns[x];
    float mix[picture::channels] = {};
    for (auto i = column.first; i <= column.last; ++i)
      for (size_t c = 0; c < picture::channels; ++c)
        mix[c] += column.weight(i) * static_cast<float>(row[i * picture::channels + c]);
    for (size_t c = 0; c < picture::channels; ++c)
      sums[x * picture::channels + c] += weight * mix[c];
  }
}

} // namespace

picture scale_to_width(picture from, uint32_t width) {
  if (from.width() <= width)
    return from;
  auto height = std::max<uint64_t>(1, (uint64_t{from.height()} * width + from.width() / 2) / from.width());
  picture result{width, static_cast<uint32_t>(height)};
  auto columns = cover(from.width(), width);
  auto rows = cover(from.height(), result.height());
  auto area = static_cast<float>(static_cast<double>(from.width()) / width * from.height() / result.height());
  std::vector<float> sums(result.stride());
  for (uint32_t y = 0; y < result.height(); ++y) {
    std::ranges::fill(sums, 0.0F);
    for (auto i = rows[y].first; i <= rows[y].last; ++i)
      add_row(from.row(i), columns, rows[y].weight(i), sums);
    std::ranges::transform(sums, result.row(y), [area](float sum) {
      return static_cast<uint8_t>(std::clamp(sum / area + 0.5F, 0.0F, 255.0F));
    });
  }
  return result;
}

} // namespace thumbnails
