#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace bulkhead::platform {

/// Finds out what stands at a place in a program's file, from its symbols and, if it has them, its debugging information
/// (elfutils' libdw). Nothing is downloaded, and no other file is looked at.
///
/// Thread safety: one thread at a time. Lifetime: keeps the files open that it was asked about, sixteen at most.
class symbolizer {
public:
  struct place {
    /// Demangled, 400 bytes at most; empty if it has no symbol.
    std::string function;
    /// File and line, "decode.cpp:17"; empty without debugging information.
    std::string source;
  };

  /// @param budget once so much time has gone, no source lines are looked for; after twice of it nothing is.
  explicit symbolizer(std::chrono::milliseconds budget);
  ~symbolizer();
  symbolizer(const symbolizer&) = delete;
  symbolizer& operator=(const symbolizer&) = delete;

  /// @param path opened for reading if it is a regular file of 2 GiB at most; anything may stand there.
  /// @param offset as the file numbers it.
  [[nodiscard]] place find(const std::string& path, uint64_t offset);

private:
  class module_file;
  struct implementation;

  std::unique_ptr<implementation> impl_;
};

/// The readable form of a mangled name of a type or function, 400 bytes at most; the name itself if it is none.
[[nodiscard]] std::string demangled(const std::string& name);

} // namespace bulkhead::platform
