#pragma once

// The version of these headers, for the preprocessor and as constants. CMake checks it against the project's version.

#include <string_view>

/// The first part of the version: grows with an incompatible change, from 1 on.
#define BULKHEAD_VERSION_MAJOR 0

/// The second part of the version: grows with new functions, and before 1.0 with an incompatible change too.
#define BULKHEAD_VERSION_MINOR 2

/// The third part of the version: grows with a correction.
#define BULKHEAD_VERSION_PATCH 0

/// The version as one number to compare with: 10203 is 1.2.3.
#define BULKHEAD_VERSION (BULKHEAD_VERSION_MAJOR * 10000 + BULKHEAD_VERSION_MINOR * 100 + BULKHEAD_VERSION_PATCH)

/// Actors in processes of their own.
namespace bulkhead {

/// The first part of the version.
inline constexpr int version_major = BULKHEAD_VERSION_MAJOR;

/// The second part of the version.
inline constexpr int version_minor = BULKHEAD_VERSION_MINOR;

/// The third part of the version.
inline constexpr int version_patch = BULKHEAD_VERSION_PATCH;

/// The version as text.
inline constexpr std::string_view version_text = "0.2.0";

} // namespace bulkhead
