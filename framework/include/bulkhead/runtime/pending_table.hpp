#pragma once

#include "bulkhead/transport/record.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/message_id.hpp>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <mutex>
#include <vector>

namespace bulkhead::runtime {

/// Names an open request: who asked, and the requester's own number for it.
struct request_key {
  transport::process_number process;
  uint64_t requester;
  /// The id of the request as CAF numbers it, without flags.
  uint64_t id;

  friend bool operator==(const request_key&, const request_key&) = default;
};

struct request_key_hash {
  size_t operator()(const request_key& key) const noexcept {
    auto x = (key.requester * 0x9E3779B97F4A7C15u) ^ (key.id + (uint64_t{key.process} << 40));
    return static_cast<size_t>(x ^ (x >> 29));
  }
};

using request_set = boost::unordered_flat_set<request_key, request_key_hash>;

/// The requests that one worker has not answered yet. CAF's own network layer keeps no such table, so a request to a
/// peer that disappears hangs for ever there; here each one is answered with an error.
///
/// An entry holds its requester, as a request in a local mailbox does.
///
/// Thread safety: all functions from any thread.
class pending_table {
public:
  struct entry {
    request_key key;
    caf::message_id mid;
    caf::strong_actor_ptr requester;
  };

  void insert(const request_key& key, caf::message_id mid, caf::strong_actor_ptr requester) {
    std::lock_guard guard{mutex_};
    entries_.insert_or_assign(key, value{mid, std::move(requester)});
  }

  /// Closes a request and returns its requester; null if it was not open. Whoever gets the requester is the one to answer.
  caf::strong_actor_ptr take(const request_key& key) {
    std::lock_guard guard{mutex_};
    auto i = entries_.find(key);
    if (i == entries_.end())
      return nullptr;
    auto result = std::move(i->second.requester);
    entries_.erase(i);
    return result;
  }

  [[nodiscard]] std::vector<entry> take_all() {
    std::vector<entry> result;
    std::lock_guard guard{mutex_};
    result.reserve(entries_.size());
    for (auto& [key, val] : entries_)
      result.push_back({key, val.mid, std::move(val.requester)});
    entries_.clear();
    return result;
  }

  [[nodiscard]] size_t size() const {
    std::lock_guard guard{mutex_};
    return entries_.size();
  }

private:
  struct value {
    caf::message_id mid;
    caf::strong_actor_ptr requester;
  };

  mutable std::mutex mutex_;
  boost::unordered_flat_map<request_key, value, request_key_hash> entries_;
};

} // namespace bulkhead::runtime
