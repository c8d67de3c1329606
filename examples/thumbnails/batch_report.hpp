#pragma once

#include "messages.hpp"

#include <bulkhead/transport/death_certificate.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace thumbnails {

/// One file of a batch.
struct batch_line {
  std::string file = {};
  uint64_t bytes = 0;

  /// From the moment that it was read; the wait for a worker included.
  std::chrono::nanoseconds time{0};
  int32_t by = 0;
};

/// Collects what became of each file of a batch, and prints it.
class batch_report {
public:
  explicit batch_report(size_t files) : files_(files) {
    // nop
  }

  /// `picture_error::none` stands for success. Shows the progress on standard error.
  void add(batch_line line, picture_error result, std::string detail);

  /// The thumbnail was made, but could not be written.
  void add_unwritten(batch_line line);

  /// A worker has died.
  void add(bulkhead::death_certificate what);

  [[nodiscard]] size_t certificates() const noexcept {
    return certificates_.size();
  }

  /// Prints the table, sorted by file, what the workers have left that died of a file, and the summary on standard output.
  batch_outcome print(uint64_t replaced_workers);

private:
  struct entry {
    batch_line line;
    std::string result;
    std::string detail;
    /// Its worker died of it.
    bool deadly = false;
  };

  void add(entry what);

  size_t files_;
  batch_outcome outcome_;
  std::vector<entry> entries_;
  std::vector<bulkhead::death_certificate> certificates_;
};

} // namespace thumbnails
