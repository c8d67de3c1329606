#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace bench {

enum class ratio_is : uint8_t {
  ours_by_peer,
  peer_by_ours,
};

/// What a figure has to reach: a ratio to a peer that was measured in the same run, because absolute times drift.
struct target {
  std::string_view id;
  std::string_view figure;
  /// Empty: the figure itself is compared with the limit.
  std::string_view peer;
  ratio_is is;
  bool at_most;
  double limit;
};

inline constexpr std::array targets{
  target{"rtt_hot", "rtt_hot", "caf_inproc_rtt", ratio_is::ours_by_peer, true, 2.0},
  target{"rtt_hot_vs_middleman", "rtt_hot", "caf_middleman_rtt", ratio_is::peer_by_ours, false, 150},
  target{"rtt_parked", "rtt_parked", "eventfd_rtt", ratio_is::ours_by_peer, true, 1.3},
  target{"throughput", "throughput", "caf_inproc_throughput", ratio_is::ours_by_peer, false, 0.65},
  target{"fan", "fan", "caf_inproc_fan", ratio_is::ours_by_peer, false, 0.75},
  target{"fan, 2 workers", "fan_2", "caf_inproc_fan_2", ratio_is::ours_by_peer, false, 0.75},
  target{"spawn_cold", "spawn_cold", "vfork_exec_true_wait", ratio_is::ours_by_peer, true, 8},
  target{"spawn_warm", "spawn_warm", "", ratio_is::ours_by_peer, true, 0.3},
  target{"spawn_forked", "spawn_forked", "", ratio_is::ours_by_peer, true, 1.5},
  target{"crash_notice", "crash_notice", "", ratio_is::ours_by_peer, true, 1.0},
  target{"crash_recover", "crash_recover", "", ratio_is::ours_by_peer, true, 1.0},
  target{"crash_recover, p99", "crash_recover_p99", "", ratio_is::ours_by_peer, true, 3.0},
  target{"idle", "idle", "", ratio_is::ours_by_peer, true, 0.2},
  target{"flood", "flood_memory", "flood_bound", ratio_is::ours_by_peer, true, 1.1},
  target{"flood, 64 B", "flood_memory_64B", "flood_bound", ratio_is::ours_by_peer, true, 1.1},
  target{"flood, 64 KiB", "flood_memory_64KiB", "flood_bound", ratio_is::ours_by_peer, true, 1.1},
  target{"memory", "memory", "", ratio_is::ours_by_peer, true, 4.0},
  target{"blob, 1 MiB", "blob_1MiB", "blob_64B", ratio_is::ours_by_peer, true, 3.0},
  target{"blob, 256 MiB", "blob_256MiB", "blob_64B", ratio_is::ours_by_peer, true, 3.0},
  target{"blob, 1 GiB", "blob_1GiB", "blob_64B", ratio_is::ours_by_peer, true, 3.0},
  target{"blob_copied, 1 MiB", "blob_copied_1MiB", "memcpy_1MiB", ratio_is::peer_by_ours, false, 0.7},
  target{"blob_copied, 16 MiB", "blob_copied_16MiB", "memcpy_16MiB", ratio_is::peer_by_ours, false, 0.7},
  target{"blob_copied, 256 MiB", "blob_copied_256MiB", "memcpy_256MiB", ratio_is::peer_by_ours, false, 0.7},
  target{"codec_vector", "codec_vector", "memcpy_there_and_back", ratio_is::ours_by_peer, false, 0.7},
  target{"codec_vector_float", "codec_vector_float", "memcpy_there_and_back", ratio_is::ours_by_peer, false, 0.25},
  target{"executor", "executor", "py_run_in_executor_throughput", ratio_is::ours_by_peer, false, 50},
  target{"executor, round trip", "executor_rtt", "rtt_hot", ratio_is::ours_by_peer, true, 1.5},
  target{"executor, 1 MiB", "executor_1MiB", "py_run_in_executor_1MiB", ratio_is::peer_by_ours, false, 10},
  target{"executor, 1 us", "executor_1us", "inline_1us", ratio_is::ours_by_peer, false, 1},
  target{"executor, 10 us", "executor_10us", "inline_10us", ratio_is::ours_by_peer, false, 1},
  target{"executor, 100 us", "executor_100us", "inline_100us", ratio_is::ours_by_peer, false, 1.5},
  target{"executor, 1 ms", "executor_1ms", "inline_1ms", ratio_is::ours_by_peer, false, 1.5},
  target{"coroutine_rtt", "coroutine_rtt", "caf_then_rtt", ratio_is::ours_by_peer, true, 1.5},
  target{"coroutine_memory", "coroutine_memory", "caf_actor_memory", ratio_is::ours_by_peer, true, 1.0},
  target{"shared_value, seen", "shared_value_seen", "unix_socket_seen", ratio_is::ours_by_peer, true, 0.2},
  target{"shared_value, reads", "shared_value_reads", "unix_socket_reads", ratio_is::ours_by_peer, false, 20},
};

} // namespace bench
