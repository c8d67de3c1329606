#pragma once

// The block of bytes for messages: `bytes`.

#include "bulkhead/transport/bytes.hpp"
#include "bulkhead/transport/type_ids.hpp"
