#pragma once

#include "bulkhead/transport/array.hpp"
#include "bulkhead/transport/backlog_event.hpp"
#include "bulkhead/transport/bytes.hpp"
#include "bulkhead/transport/death_certificate.hpp"
#include "bulkhead/transport/child_status.hpp"
#include "bulkhead/transport/errc.hpp"
#include "bulkhead/transport/fd.hpp"
#include "bulkhead/transport/number_vectors.hpp"
#include "bulkhead/transport/shared_counter.hpp"
#include "bulkhead/transport/shared_map.hpp"
#include "bulkhead/transport/supervision_event.hpp"
#include "bulkhead/transport/task_records.hpp"
#include "bulkhead/transport/worker_death.hpp"

#include <caf/init_global_meta_objects.hpp>
#include <caf/type_id.hpp>

#include <vector>

namespace bulkhead {

/// First of the type ids that Bulkhead takes for itself: the last forty below those of applications, so that an
/// application's own block still starts at `caf::first_custom_type_id`.
constexpr caf::type_id_t first_type_id = caf::first_custom_type_id - 40;

static_assert(caf::detail::net_module_end <= first_type_id, "CAF's own modules use these type ids");

} // namespace bulkhead

CAF_BEGIN_TYPE_ID_BLOCK(bulkhead, bulkhead::first_type_id)
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::errc))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::death_cause))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::worker_death))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::bytes))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::fd))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::array<float>) )
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::array<double>) )
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::array<int8_t>) )
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::array<uint8_t>) )
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::array<int32_t>) )
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::array<uint32_t>) )
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::array<int64_t>) )
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::array<uint64_t>) )
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::shared_counter))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::shared_map))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::backlog_incident))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::backlog_event))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::transport::task_batch))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::transport::task_result))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::transport::task_chunk))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::transport::task_claims))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::supervision_incident))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::supervision_event))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::message_head))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::worker_event_kind))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::worker_event))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::stack_frame))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::death_certificate))
  CAF_ADD_TYPE_ID(bulkhead, (bulkhead::child_status))
  CAF_ADD_TYPE_ID(bulkhead, (std::vector<bulkhead::child_status>) )
CAF_END_TYPE_ID_BLOCK(bulkhead)

static_assert(caf::id_block::bulkhead::end <= caf::first_custom_type_id);
