#pragma once

#include "bulkhead/platform/unique_fd.hpp"
#include "bulkhead/transport/attachments.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/sec.hpp>
#include <caf/type_id.hpp>

#include <cstdint>
#include <memory>

namespace bulkhead {

/// An open file descriptor as a value that travels in messages: a file, a socket, a pipe, a memfd.
///
/// In a message to another process of the same host it arrives as a descriptor of that process, for the same open file
/// (unix(7), SCM_RIGHTS). Copies share one descriptor, which is closed with the last of them, on either side. It cannot
/// leave the machine: what CAF's own network layer or a serializer of the application writes reads back as no descriptor.
///
/// Thread safety: as an immutable value; what is done with the descriptor is the business of its users. Lifetime: the
/// number is valid as long as any copy.
class fd {
public:
  /// No descriptor.
  fd() noexcept = default;

  /// Takes over `number`, which nobody else may close; a negative one stands for none.
  /// @param number of a descriptor of this process.
  static fd adopt(int number);
  /// The same for what owns its descriptor already.
  /// @param number of a descriptor of this process.
  static fd adopt(platform::unique_fd number);

  /// A second descriptor for the open file behind `number`, closed on exec.
  /// @param number stays the caller's.
  /// @returns `errc::resources_exhausted` if there is no such descriptor or none is left.
  static caf::expected<fd> duplicate_of(int number);

  /// The descriptor's number, -1 if there is none. It stays this object's: do not close it.
  [[nodiscard]] int number() const noexcept {
    return owned_ ? owned_->get() : -1;
  }

  /// Whether there is a descriptor.
  explicit operator bool() const noexcept {
    return number() >= 0;
  }

  /// Whether both share one descriptor.
  friend bool operator==(const fd&, const fd&) noexcept = default;

  template <class Inspector>
  friend bool inspect(Inspector& f, fd& x) {
    if constexpr (Inspector::is_loading) {
      return x.load(f);
    } else {
      return x.save(f);
    }
  }

private:
  /// Text formats show the number; to another process goes its place among the message's attachments. Elsewhere it is none
  /// rather than an error: CAF 0.18.7 sends what it has written of a message before an error, which ends the connection for
  /// all actors, and answers no request.
  template <class Inspector>
  bool save(Inspector& f) const {
    auto index = static_cast<int32_t>(number());
    if (!f.has_human_readable_format() && *this) {
      auto beside = transport::outgoing_attachments::scope::find(&f);
      index = beside != nullptr ? beside->add(*this) : -1;
    }
    return f.begin_object(caf::invalid_type_id, "fd") && f.value(index) && f.end_object();
  }

  template <class Inspector>
  bool load(Inspector& f) {
    int32_t index = -1;
    if (!f.begin_object(caf::invalid_type_id, "fd") || !f.value(index))
      return false;
    *this = {};
    if (index >= 0) {
      auto beside = transport::incoming_attachments::scope::find(&f);
      if (beside == nullptr || !beside->take(index, *this)) {
        f.emplace_error(caf::sec::runtime_error, "the descriptor did not come with the message");
        return false;
      }
    }
    return f.end_object();
  }

  std::shared_ptr<const platform::unique_fd> owned_;
};

} // namespace bulkhead
