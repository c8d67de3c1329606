#pragma once

#include "source_file.hpp"

namespace bulkhead::tidy {

/// Layers, the lowest first.
using layer_list = std::vector<std::string>;

/// @returns the index of the layer that a file of framework/ belongs to; what stands in no folder is of the last one, the
///          facade. `layers.size()` if its folder is no layer.
[[nodiscard]] size_t layer_of(std::string_view path, const layer_list& layers);

/// A layer includes itself and lower ones, by a path from `bulkhead/` or the name of a file beside it.
[[nodiscard]] findings upward_includes(const source_file& file, const layer_list& layers);

/// CAF begins at transport, Asio at runtime.
[[nodiscard]] findings foreign_includes(const source_file& file, const layer_list& layers);

/// Headers of the operating system stand in platform only.
[[nodiscard]] findings system_includes(const source_file& file, const layer_list& layers);

} // namespace bulkhead::tidy
