#pragma once

#include "bulkhead/runtime/export_table.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/message_id.hpp>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace bulkhead::runtime {

/// Names an open request: who asked, and the requester's own number for it.
struct request_key {
  transport::process_number process = transport::host_process;
  uint64_t requester = 0;
  /// The id of the request as CAF numbers it, without flags.
  uint64_t id = 0;

  friend bool operator==(const request_key&, const request_key&) = default;
};

struct request_key_hash {
  size_t operator()(const request_key& key) const noexcept {
    auto x = (key.requester * 0x9E3779B97F4A7C15u) ^ (key.id + (uint64_t{key.process} << 40));
    return static_cast<size_t>(x ^ (x >> 29));
  }
};

using request_set = boost::unordered_flat_set<request_key, request_key_hash>;

/// A request that is open.
struct open_request {
  caf::message_id mid;
  caf::strong_actor_ptr requester;
  wire_address target;
  /// In the books of the edge.
  uint64_t ticket = 0;
  /// In whose handler this one was made; number 0 if in that of something else.
  request_key cause{};
};

/// The requests that a peer has not answered yet. CAF's own network layer keeps no such table, so a request to a
/// peer that disappears hangs for ever there; here each one is answered with an error.
///
/// An entry holds its requester, as a request in a local mailbox does.
///
/// Thread safety: all functions from any thread.
class pending_table {
public:
  struct entry {
    request_key key;
    open_request what;
  };

  /// What is open for some time.
  struct old_requests {
    std::vector<entry> all;
    /// Whether there are younger ones.
    bool more = false;
  };

  void insert(const request_key& key, open_request what) {
    std::lock_guard guard{mutex_};
    have_causes_ |= what.cause.id != 0;
    entries_.insert_or_assign(key, value{std::move(what)});
  }

  /// Closes a request and returns it; nothing if it was not open. Whoever gets it is the one to answer.
  std::optional<open_request> take(const request_key& key) {
    std::lock_guard guard{mutex_};
    auto i = entries_.find(key);
    if (i == entries_.end())
      return std::nullopt;
    std::optional result{std::move(i->second.what)};
    entries_.erase(i);
    return result;
  }

  /// Closes those of `over` that are open.
  [[nodiscard]] std::vector<entry> take_all_of(const request_set& over) {
    std::vector<entry> result;
    std::lock_guard guard{mutex_};
    for (auto& key : over)
      if (auto i = entries_.find(key); i != entries_.end()) {
        result.push_back({key, std::move(i->second.what)});
        entries_.erase(i);
      }
    return result;
  }

  /// Closes those that were made in the handlers of `causes`.
  [[nodiscard]] std::vector<entry> take_caused_by(const request_set& causes) {
    std::vector<entry> result;
    std::lock_guard guard{mutex_};
    if (!have_causes_)
      return result;
    boost::unordered::erase_if(entries_, [&](auto& x) {
      if (!causes.contains(x.second.what.cause))
        return false;
      result.push_back({x.first, std::move(x.second.what)});
      return true;
    });
    return result;
  }

  [[nodiscard]] std::vector<entry> take_all() {
    std::vector<entry> result;
    std::lock_guard guard{mutex_};
    result.reserve(entries_.size());
    for (auto& [key, val] : entries_)
      result.push_back({key, std::move(val.what)});
    entries_.clear();
    return result;
  }

  /// The requests that were open at the last look already; each is returned once.
  [[nodiscard]] old_requests look() {
    old_requests result;
    std::lock_guard guard{mutex_};
    for (auto& [key, val] : entries_) {
      if (val.looks == 1)
        result.all.push_back({key, val.what});
      result.more |= val.looks == 0;
      val.looks = std::min(val.looks + 1, 2);
    }
    return result;
  }

  [[nodiscard]] bool contains(const request_key& key) const {
    std::lock_guard guard{mutex_};
    return entries_.contains(key);
  }

  /// Who has to answer an open request.
  [[nodiscard]] std::optional<wire_address> target_of(const request_key& key) const {
    std::lock_guard guard{mutex_};
    auto i = entries_.find(key);
    return i != entries_.end() ? std::optional{i->second.what.target} : std::nullopt;
  }

  template <class Predicate>
  [[nodiscard]] bool any(Predicate is_wanted) const {
    std::lock_guard guard{mutex_};
    return std::any_of(entries_.begin(), entries_.end(), [&](auto& x) { return is_wanted(x.second.what); });
  }

  [[nodiscard]] size_t size() const {
    std::lock_guard guard{mutex_};
    return entries_.size();
  }

private:
  struct value {
    open_request what;
    int looks = 0;
  };

  mutable std::mutex mutex_;
  boost::unordered_flat_map<request_key, value, request_key_hash> entries_;
  /// Whether any was made in a handler, ever.
  bool have_causes_ = false;
};

} // namespace bulkhead::runtime
