#pragma once

// A table that is made once and read by all processes: `shared_map`.

#include "bulkhead/transport/shared_map.hpp"
#include "bulkhead/transport/type_ids.hpp"
