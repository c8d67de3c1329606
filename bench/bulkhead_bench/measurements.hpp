#pragma once

#include "report.hpp"

namespace bench {

// One question each; it stands at the head of the file of the same name.
void rtt_hot(report& to);
void rtt_parked(report& to);
void throughput(report& to);
void fan(report& to);
void spawn_cold(report& to);
void spawn_warm(report& to);
void crash_notice(report& to);
void crash_recover(report& to);
void recycle(report& to);
void idle(report& to);
void memory(report& to);
void codec_vector(report& to);
void blob(report& to);
void shared_value(report& to);
void flood(report& to);
void executor(report& to);
void executor_sizes(report& to);
void coroutine_memory(report& to);
void coroutine_rtt(report& to);

/// A limit that belongs beside each latency.
side cache_line_rtt();

/// The other end of `caf_middleman_rtt`: the whole program when it is started with this argument.
constexpr const char* middleman_echo_argument = "--middleman-echo";
int middleman_echo();

} // namespace bench
