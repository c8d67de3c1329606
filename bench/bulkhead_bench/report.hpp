#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The result of one run: of latencies the median, with the tail beside it.
struct run {
  double value = 0;
  double p99 = 0;
  double p999 = 0;
};

/// The median and the tail of latencies, each divided by `unit`.
run of_latencies(std::vector<double> samples_ns, double unit_ns);

/// How to measure one figure.
struct side {
  std::string name;
  std::string unit;
  std::function<run()> measure;
};

/// Collects figures: prints each as a line of JSON to standard output, and in the end all ratios against their targets
/// to standard error.
class report {
public:
  static constexpr size_t run_count = 5;

  /// Measures all sides in turn, so that a drift of the machine meets each of them, after one round that does not count.
  void compare(const std::vector<side>& sides);

  /// @param runs not empty.
  void add(const std::string& name, const std::string& unit, std::vector<run> runs);

  void print_table() const;

private:
  struct figure {
    double value;
    std::string unit;
    double spread;
  };

  std::map<std::string, figure, std::less<>> figures_;
};

/// Prints what each figure has to reach to standard output, one JSON object a line.
void print_targets();

} // namespace bench
