#include "curve.hpp"

#include <algorithm>
#include <iomanip>
#include <iterator>
#include <numeric>
#include <ostream>
#include <span>

namespace soak {

namespace {

using samples = std::span<const curve::sample>;

size_t mean_heap(samples part) {
  auto sum = std::accumulate(part.begin(), part.end(), size_t{0},
                             [](size_t x, const curve::sample& y) { return x + y.held.heap_bytes; });
  return sum / part.size();
}

template <class F>
size_t most(samples part, F get) {
  size_t result = 0;
  for (auto& x : part)
    result = std::max(result, get(x.held));
  return result;
}

} // namespace

void curve::add(uint64_t messages, uint64_t kills, bool quiet) {
  std::chrono::duration<double> since = std::chrono::steady_clock::now() - begun_;
  all_.push_back({since.count(), test_support::held_now(), messages, kills, quiet});
}

std::vector<curve::sample> curve::quiet_ones() const {
  std::vector<sample> result;
  std::copy_if(all_.begin(), all_.end(), std::back_inserter(result), [](const sample& x) { return x.quiet; });
  return result;
}

bool curve::level() const {
  constexpr size_t heap_bytes_more =
    256 << 10; // tables and pieces of the allocator, not what a message or a death leaves
  auto quiet = quiet_ones();
  if (quiet.size() < 6)
    return true;
  auto third = quiet.size() / 3;
  samples last{quiet.end() - static_cast<ptrdiff_t>(third), third};
  samples before{quiet.end() - static_cast<ptrdiff_t>(2 * third), third};
  auto descriptors = [](const test_support::holdings& x) { return x.descriptors; };
  auto threads = [](const test_support::holdings& x) { return x.threads; };
  return mean_heap(last) <= mean_heap(before) + heap_bytes_more && most(last, descriptors) <= most(before, descriptors)
         && most(last, threads) <= most(before, threads);
}

void curve::write(std::ostream& out) const {
  out << "# seconds heap descriptors threads messages kills quiet\n";
  for (auto& x : all_)
    out << x.seconds << ' ' << x.held.heap_bytes << ' ' << x.held.descriptors << ' ' << x.held.threads << ' '
        << x.messages << ' ' << x.kills << ' ' << x.quiet << '\n';
}

void curve::print(std::ostream& out) const {
  constexpr size_t lines_max = 12;
  auto quiet = quiet_ones();
  auto step = std::max<size_t>(1, quiet.size() / lines_max);
  for (size_t i = 0; i < quiet.size(); i += step)
    out << std::setw(8) << static_cast<int>(quiet[i].seconds) << " s: " << quiet[i].held << " after "
        << quiet[i].messages << " messages and " << quiet[i].kills << " kills\n";
}

} // namespace soak
