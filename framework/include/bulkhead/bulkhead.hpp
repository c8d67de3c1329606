#pragma once

// Everything but I/O: heavy actors, the host, options, errors, `main`. Light actors that do I/O include
// <bulkhead/io.hpp> as well, which brings in Boost.Asio, and those with coroutines <bulkhead/coroutine.hpp>.

#include "bulkhead/bytes.hpp"
#include "bulkhead/errors.hpp"
#include "bulkhead/executor.hpp"
#include "bulkhead/fd.hpp"
#include "bulkhead/future.hpp"
#include "bulkhead/gather.hpp"
#include "bulkhead/heavy.hpp"
#include "bulkhead/host.hpp"
#include "bulkhead/main.hpp"
#include "bulkhead/map.hpp"
#include "bulkhead/mark.hpp"
#include "bulkhead/options.hpp"
#include "bulkhead/shared_array.hpp"
#include "bulkhead/shared_counter.hpp"
#include "bulkhead/shared_map.hpp"
#include "bulkhead/shared_value.hpp"
#include "bulkhead/snapshot.hpp"
#include "bulkhead/supervision.hpp"
#include "bulkhead/supervisor.hpp"
#include "bulkhead/this_task.hpp"
#include "bulkhead/version.hpp"
#include "bulkhead/worker.hpp"
