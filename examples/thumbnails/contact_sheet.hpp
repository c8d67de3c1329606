#pragma once

#include "batch_report.hpp"

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace thumbnails {

/// A page that shows all thumbnails of a batch, and why the other files have none, with the certificates of workers to unfold.
/// One file without scripts; it refers to the thumbnails beside it and to nothing else.
/// @returns why it could not be written. It is written whole, or an earlier one stays.
[[nodiscard]] std::error_code write_contact_sheet(const std::string& path, std::string_view summary,
                                                  const std::vector<batch_entry>& entries);

/// The name of a file for people: without control characters and what is no UTF-8.
[[nodiscard]] std::string shown_name(std::string_view file);

} // namespace thumbnails
