#pragma once

// A file descriptor that travels in messages: `fd`.

#include "bulkhead/transport/fd.hpp"
#include "bulkhead/transport/type_ids.hpp"
