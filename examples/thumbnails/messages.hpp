#pragma once

#include "picture_error.hpp"

#include <bulkhead/bytes.hpp>

#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/type_id.hpp>

#include <cstdint>
#include <string>

namespace thumbnails {

/// What a decoder answers.
struct thumbnail {
  bulkhead::bytes jpeg;
  uint32_t width = 0;
  uint32_t height = 0;
  /// The process that made it.
  int32_t by = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, thumbnail& x) {
    return f.object(x).fields(f.field("jpeg", x.jpeg), f.field("width", x.width), f.field("height", x.height),
                              f.field("by", x.by));
  }
};

/// The state of the pool.
struct pool_health {
  uint32_t workers = 0;
  uint32_t ready = 0;
  uint32_t busy = 0;
  uint64_t waiting = 0;
  uint64_t served = 0;
  uint64_t failed = 0;
  uint64_t replaced = 0;

  /// Whether a picture would be taken now.
  bool serving = false;

  template <class Inspector>
  friend bool inspect(Inspector& f, pool_health& x) {
    return f.object(x).fields(f.field("workers", x.workers), f.field("ready", x.ready), f.field("busy", x.busy),
                              f.field("waiting", x.waiting), f.field("served", x.served), f.field("failed", x.failed),
                              f.field("replaced", x.replaced), f.field("serving", x.serving));
  }
};

/// How a batch ended.
struct batch_outcome {
  uint64_t succeeded = 0;
  uint64_t failed = 0;

  /// Thumbnails that could not be written.
  uint64_t unwritten = 0;

  /// Folders whose files are not all known.
  uint64_t unread_folders = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, batch_outcome& x) {
    return f.object(x).fields(f.field("succeeded", x.succeeded), f.field("failed", x.failed),
                              f.field("unwritten", x.unwritten), f.field("unread_folders", x.unread_folders));
  }
};

} // namespace thumbnails

CAF_BEGIN_TYPE_ID_BLOCK(thumbnails, first_custom_type_id)
  CAF_ADD_TYPE_ID(thumbnails, (thumbnails::picture_error))
  CAF_ADD_TYPE_ID(thumbnails, (thumbnails::thumbnail))
  CAF_ADD_TYPE_ID(thumbnails, (thumbnails::pool_health))
  CAF_ADD_TYPE_ID(thumbnails, (thumbnails::batch_outcome))
  CAF_ADD_ATOM(thumbnails, thumbnails, health_atom)
  CAF_ADD_ATOM(thumbnails, thumbnails, run_atom)
  CAF_ADD_ATOM(thumbnails, thumbnails, finish_atom)
CAF_END_TYPE_ID_BLOCK(thumbnails)

namespace thumbnails {

/// A failure, what is known about it in words, and the process that worked on the picture; 0: none.
inline caf::error make_failure(picture_error code, std::string detail, int32_t by = 0) {
  return {code, caf::make_message(std::move(detail), by)};
}

inline std::string detail_of(const caf::error& failure) {
  return failure.context().match_elements<std::string, int32_t>() ? failure.context().get_as<std::string>(0)
                                                                  : to_string(failure);
}

inline int32_t worker_of(const caf::error& failure) {
  return failure.context().match_elements<std::string, int32_t>() ? failure.context().get_as<int32_t>(1) : 0;
}

} // namespace thumbnails
