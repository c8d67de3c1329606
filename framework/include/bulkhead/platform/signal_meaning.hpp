#pragma once

#include <string>

namespace bulkhead::platform {

/// What a signal means, for people: "SIGSEGV, segmentation fault"; "signal 60" for one without a name.
[[nodiscard]] std::string signal_meaning(int signal);

/// What the kernel adds about the cause (`si_code`): "address not mapped"; empty where it adds nothing that is known here.
[[nodiscard]] std::string signal_cause(int signal, int code);

} // namespace bulkhead::platform
