#include "bulkhead/runtime/caf_timeout.hpp"

#include <caf/actor_clock.hpp>
#include <caf/error.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/sec.hpp>

#include <cstring>
#include <utility>

namespace bulkhead::runtime {

namespace {

/// Keeps what CAF would have it do.
class recording_clock final : public caf::actor_clock {
public:
  caf::disposable schedule_periodically(time_point, caf::action what, duration_type) override {
    recorded = what;
    return what.as_disposable();
  }

  caf::action recorded;
};

/// What CAF's function keeps, and nothing else.
struct kept_by_function {
  caf::strong_actor_ptr receiver;
  caf::mailbox_element_ptr content;

  void operator()() const {
    // nop
  }
};

template <class T>
T* pointer_at(const caf::action& what, std::ptrdiff_t offset) noexcept {
  T* result = nullptr;
  std::memcpy(&result, reinterpret_cast<const char*>(what.ptr()) + offset, sizeof(result));
  return result;
}

caf::mailbox_element_ptr make_content() {
  return caf::make_mailbox_element(nullptr, caf::make_message_id().response_id(), {},
                                   caf::make_error(caf::sec::request_timeout));
}

} // namespace

caf_timeouts::caf_timeouts() {
  using similar = caf::detail::default_action_impl<kept_by_function>;
  auto own = caf::make_action(kept_by_function{nullptr, make_content()});
  auto& kept = static_cast<similar*>(own.ptr())->f_;
  auto offset_of = [&](const void* member) {
    return reinterpret_cast<const char*>(member) - reinterpret_cast<const char*>(own.ptr());
  };
  receiver_at_ = offset_of(&kept.receiver);
  content_at_ = offset_of(&kept.content);
  recording_clock clock;
  auto content = make_content();
  auto expected = content.get();
  clock.schedule_message({}, caf::strong_actor_ptr{}, std::move(content));
  if (pointer_at<caf::mailbox_element>(clock.recorded, content_at_) == expected
      && pointer_at<caf::actor_control_block>(clock.recorded, receiver_at_) == nullptr) {
    auto& sample = *clock.recorded.ptr();
    type_ = &typeid(sample);
  }
}

std::optional<timed_out_request> caf_timeouts::request_of(const caf::action& what) const {
  if (type_ == nullptr || what.ptr() == nullptr)
    return std::nullopt;
  auto& function = *what.ptr();
  if (typeid(function) != *type_)
    return std::nullopt;
  auto receiver = pointer_at<const caf::actor_control_block>(what, receiver_at_);
  auto content = pointer_at<const caf::mailbox_element>(what, content_at_);
  if (receiver == nullptr || content == nullptr || !content->mid.is_response() || content->sender
      || !content->payload.match_elements<caf::error>()
      || content->payload.get_as<caf::error>(0) != caf::sec::request_timeout)
    return std::nullopt;
  return timed_out_request{receiver->aid, content->mid.request_id()};
}

} // namespace bulkhead::runtime
