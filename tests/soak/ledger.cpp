#include "ledger.hpp"

#include "witness.hpp"

#include <bulkhead/errors.hpp>

#include <iomanip>
#include <ostream>
#include <utility>

namespace soak {

namespace {

using bulkhead::errc;

std::atomic<uint64_t> next_number = 0;

/// Errors without a death that a caller of this traffic has to expect.
bool is_refusal(const caf::error& why) {
  return why == errc::mailbox_full || why == errc::executor_full || why == errc::shutting_down
         || why == errc::cancelled;
}

} // namespace

ledger::ledger(std::string name, promise what) : name_(std::move(name)), promise_(what) {
  // nop
}

uint64_t ledger::send() {
  ++sent_;
  for (;;) {
    auto number = next_number++;
    auto before = witness::here().open(number);
    if (before == witness::former::begun_late) {
      ++repeated_;
      complain("a handler began with a message that was settled before");
    }
    if (before != witness::former::open)
      return number;
  }
}

uint8_t ledger::take(uint64_t number) {
  auto begun = witness::here().take(number);
  if (!promise_.witnessed)
    return 1;
  if (begun > 1 && !promise_.retried) {
    ++repeated_;
    complain("was handled " + std::to_string(begun) + " times");
  }
  return begun;
}

void ledger::answered(uint64_t number, bool right) {
  if (take(number) == 0) {
    ++unseen_;
    complain("was answered, and no handler had begun with it");
  }
  if (!right) {
    ++wrong_;
    complain("got the answer to something else");
  }
  ++answered_;
  ++settled_;
}

void ledger::failed(uint64_t number, const caf::error& why) {
  auto begun = take(number);
  if (auto death = bulkhead::death_of(why)) {
    if (death->in_doubt) {
      ++in_doubt_;
    } else {
      ++not_begun_;
      if (promise_.witnessed && begun != 0) {
        ++contradicted_;
        complain("had begun, but failed as certainly not begun: " + to_string(why));
      }
    }
  } else if (is_refusal(why)) {
    ++refused_;
  } else {
    ++strange_;
    complain("failed with " + to_string(why));
  }
  ++settled_;
}

void ledger::passed_by(uint64_t number) {
  if (take(number) == 0)
    ++missing_;
  ++settled_;
}

void ledger::complain(const std::string& what) {
  constexpr size_t kinds_max = 20;
  std::lock_guard guard{mutex_};
  if (complaints_.size() < kinds_max || complaints_.count(what) != 0)
    ++complaints_[what];
}

void ledger::print_head(std::ostream& out) {
  out << std::left << std::setw(26) << "traffic" << std::right << std::setw(10) << "sent" << std::setw(10) << "answered"
      << std::setw(10) << "in doubt" << std::setw(10) << "not begun" << std::setw(10) << "refused" << std::setw(10)
      << "missing" << std::setw(10) << "open" << std::setw(10) << "untrue" << '\n';
}

void ledger::print(std::ostream& out) const {
  out << std::left << std::setw(26) << name_ << std::right;
  for (uint64_t x : {sent_.load(), answered_.load(), in_doubt_.load(), not_begun_.load(), refused_.load(),
                     missing_.load(), under_way(), untrue()})
    out << std::setw(10) << x;
  out << '\n';
}

void ledger::print_complaints(std::ostream& out) const {
  std::lock_guard guard{mutex_};
  for (auto& [what, count] : complaints_)
    out << name_ << ": " << count << " times: " << what << '\n';
}

} // namespace soak
