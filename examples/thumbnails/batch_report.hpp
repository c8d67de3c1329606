#pragma once

#include "messages.hpp"

#include <bulkhead/transport/death_certificate.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace thumbnails {

/// One file of a batch.
struct batch_line {
  /// Below the folder of the pictures.
  std::string file = {};
  uint64_t bytes = 0;

  /// From the moment that it was read; the wait for a worker included.
  std::chrono::nanoseconds time{0};
  int32_t by = 0;
};

/// What became of one file.
struct batch_entry {
  batch_line line;
  /// Empty if there is none.
  std::string thumbnail;
  std::string result;
  std::string detail;
  /// Of the worker that died of it.
  std::optional<bulkhead::death_certificate> death;
};

/// Collects what became of each file of a batch, and prints it. Progress goes to standard error, the result to standard output.
class batch_report {
public:
  explicit batch_report(size_t files) : files_(files) {
    // nop
  }

  /// @param thumbnail where it stands below the output folder.
  void add_success(batch_line line, std::string thumbnail, std::string detail);

  void add_failure(batch_line line, picture_error reason, std::string detail);

  /// The thumbnail was made, but could not be written.
  void add_unwritten(batch_line line, const std::string& why);

  /// How many files it holds is not known.
  void add_unread_folder(batch_line line, std::string why);

  /// A worker has died. Its certificate may come before or after the failure of its file.
  void add_death(bulkhead::death_certificate what);

  [[nodiscard]] size_t deaths() const noexcept {
    return deaths_;
  }

  /// Prints the table, sorted by file, then what each dead worker left, then the summary. Writes the contact sheet.
  /// @param output where the thumbnails, the certificates and the contact sheet stand.
  batch_outcome finish(uint64_t replaced_workers, const std::string& output);

private:
  void add(batch_entry what);
  void match(int32_t worker);
  void print_table() const;
  void print_deaths() const;

  size_t files_;
  size_t deaths_ = 0;
  batch_outcome outcome_;
  std::vector<batch_entry> entries_;
  /// By the worker's process, until the other half is known.
  std::map<int32_t, size_t> files_without_death_;
  std::map<int32_t, bulkhead::death_certificate> deaths_without_file_;
};

} // namespace thumbnails
