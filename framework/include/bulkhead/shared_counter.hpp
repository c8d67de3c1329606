#pragma once

// A number to which several processes add: `shared_counter`.

#include "bulkhead/transport/shared_counter.hpp"
#include "bulkhead/transport/type_ids.hpp"
