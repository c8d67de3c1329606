#include "bulkhead/runtime/caf_pool.hpp"

#include "bulkhead/runtime/actor_pool.hpp"

#include <caf/binary_serializer.hpp>
#include <caf/exit_reason.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/serializer.hpp>

#include <mutex>
#include <typeinfo>
#include <utility>

namespace bulkhead::runtime {

namespace {

class pool_mark final : public caf::tracing_data {
public:
  pool_mark(pool_booking what, caf::tracing_data_ptr below) noexcept
    : booking(std::move(what)), beneath(std::move(below)) {
    // nop
  }

  ~pool_mark() override {
    booking.pool->handled(booking.member, booking.key);
  }

  // It means nothing in another process.
  bool serialize(caf::serializer&) const override {
    return true;
  }

  bool serialize(caf::binary_serializer&) const override {
    return true;
  }

  const pool_booking booking;
  caf::tracing_data_ptr beneath;
};

} // namespace

caf_pool::caf_pool(caf::actor_config& cfg, std::shared_ptr<actor_pool> behind)
  : caf::monitorable_actor(cfg), behind_(std::move(behind)) {
  // nop
}

caf_pool::~caf_pool() = default;

const char* caf_pool::name() const {
  return "bulkhead.pool";
}

std::set<std::string> caf_pool::message_types() const {
  auto& all = behind_->interface();
  return {all.begin(), all.end()};
}

bool caf_pool::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* context) {
  return behind_->enqueue(caf::strong_actor_ptr{ctrl()}, std::move(what), context);
}

void caf_pool::attach(caf::attachable_ptr what) {
  caf::monitorable_actor::attach(std::move(what));
  std::lock_guard guard{mtx_};
  observers_.added(attachables_head_);
}

bool caf_pool::add_backlink(caf::abstract_actor* other) {
  if (!caf::monitorable_actor::add_backlink(other))
    return false;
  observers_.added(attachables_head_);
  return true;
}

void caf_pool::on_destroy() {
  behind_->finish(caf::exit_reason::unreachable);
  cleanup(behind_->end_reason(), nullptr);
  caf::monitorable_actor::on_destroy();
}

void caf_pool::end(const caf::error& reason) {
  cleanup(caf::error{reason}, nullptr);
}

actor_pool* as_pool(const caf::strong_actor_ptr& actor) noexcept {
  auto pool = actor ? dynamic_cast<caf_pool*>(actor->get()) : nullptr;
  return pool != nullptr ? pool->behind().get() : nullptr;
}

caf::tracing_data_ptr make_pool_mark(pool_booking what, caf::tracing_data_ptr beneath) {
  return std::make_unique<pool_mark>(std::move(what), std::move(beneath));
}

caf::tracing_data_ptr take_beneath(caf::tracing_data* mark) noexcept {
  return mark != nullptr && typeid(*mark) == typeid(pool_mark) ? std::move(static_cast<pool_mark*>(mark)->beneath)
                                                               : nullptr;
}

const pool_booking* pool_booking_of(const caf::tracing_data* mark) noexcept {
  return mark != nullptr && typeid(*mark) == typeid(pool_mark) ? &static_cast<const pool_mark*>(mark)->booking
                                                               : nullptr;
}

} // namespace bulkhead::runtime
