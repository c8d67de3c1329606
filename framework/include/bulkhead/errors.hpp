#pragma once

// The errors that a process boundary adds to those of CAF: `errc`, `explain`, `worker_death`, `death_of`.

#include "bulkhead/transport/errc.hpp"
#include "bulkhead/transport/type_ids.hpp"
#include "bulkhead/transport/worker_death.hpp"
