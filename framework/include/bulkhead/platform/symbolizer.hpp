#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bulkhead::platform {

/// Finds out what stands at a place in a program's file, from its symbols and, if it has them, its debugging information
/// (elfutils' libdw). Nothing is downloaded, and no other file is looked at.
///
/// The file is mapped and parsed, and compressed parts of it are unpacked: a file that a stranger has chosen belongs into a process with
/// limits, see `limit_helper`.
///
/// Thread safety: one thread at a time. Lifetime: keeps the files open that it was asked about, sixteen at most.
class symbolizer {
public:
  /// @param budget once so much time has gone, nothing is found any more.
  explicit symbolizer(std::chrono::milliseconds budget);
  ~symbolizer();
  symbolizer(const symbolizer&) = delete;
  symbolizer& operator=(const symbolizer&) = delete;

  /// The function there, demangled, 400 bytes at most; empty if there is no symbol. Quick.
  /// @param path opened for reading if it is a regular file of 2 GiB at most; anything may stand there.
  /// @param offset as the file numbers it.
  [[nodiscard]] std::string function(const std::string& path, uint64_t offset);

  /// A function whose code stands at a place, and the line that runs: "decode.cpp:17", or
  /// "caf/behavior.hpp:5" for what stands below a folder "include".
  struct position {
    /// Demangled. Empty for the one that `function` names.
    std::string function;
    std::string source;
  };

  /// The functions that the compiler put into one another there, innermost first, 16 at most; the last one is that of
  /// `function`. Empty without debugging information. The first one of a large program may take a second.
  [[nodiscard]] std::vector<position> positions(const std::string& path, uint64_t offset);

private:
  class module_file;
  struct implementation;

  const module_file* file(const std::string& path);

  std::unique_ptr<implementation> impl_;
};

/// The readable form of a mangled name of a type or function, 400 bytes at most; the name itself if it is none. A name that was made up
/// for it takes any time and memory, see `plain_name`.
[[nodiscard]] std::string demangled(const std::string& name);

} // namespace bulkhead::platform
