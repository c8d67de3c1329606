#pragma once

#include <caf/behavior.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/timespan.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <optional>

namespace actors {

struct ticker_state {
  static constexpr const char* name = "ticker";

  std::optional<boost::asio::steady_timer> timer;
  int64_t ticks = 0;
};

/// Counts the ticks of a timer. Whoever asks it before and after something learns whether the process still served its
/// timers meanwhile.
///
/// (caf::get_atom) -> int64_t: the ticks so far.
///
/// It lives until it gets an exit message: the timer that it waits for keeps it alive.
/// @param period time between two ticks; ticks that come late are not made up for.
caf::behavior ticker(caf::stateful_actor<ticker_state>* self, caf::timespan period);

} // namespace actors
