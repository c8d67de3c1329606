#pragma once

#include "crash/actors.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace crash {

// The heavy actor of these tests, known to each worker of this program:
//   "mortal"     get_atom: pid; (string how): dies that way, after it has sent ok_atom to whoever asked; (add_atom, x): x + 1

/// The certificates that a host's subscriber got.
class certificate_log {
public:
  explicit certificate_log(test_support::host_fixture& where);
  ~certificate_log();
  certificate_log(const certificate_log&) = delete;
  certificate_log& operator=(const certificate_log&) = delete;

  [[nodiscard]] std::vector<bulkhead::death_certificate> all() const;

  /// The only one, once it has come.
  [[nodiscard]] bulkhead::death_certificate the_one() const;

private:
  struct list {
    std::mutex mutex;
    std::vector<bulkhead::death_certificate> all;
  };

  std::shared_ptr<list> list_ = std::make_shared<list>();
  caf::actor listener_;
};

/// Lets a new "mortal" die and returns its certificate.
bulkhead::death_certificate certificate_of_death(const std::string& how, const bulkhead::worker_options& options = {});

} // namespace crash
