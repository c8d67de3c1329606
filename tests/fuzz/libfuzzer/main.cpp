// libFuzzer's side: BULKHEAD_FUZZ_TARGET=message build/fuzz/tests/libfuzzer CORPUS_FOLDER. Seeds are added to what the folder holds.
#include "fuzz/targets.hpp"

#include "support/types.hpp"

#include <bulkhead/main.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

const fuzz::target* chosen = nullptr;

} // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  auto name = std::getenv("BULKHEAD_FUZZ_TARGET");
  chosen = fuzz::find_target(name != nullptr ? name : "");
  if (chosen == nullptr) {
    std::fprintf(stderr, "set BULKHEAD_FUZZ_TARGET to one of:");
    for (auto& x : fuzz::targets())
      std::fprintf(stderr, " %s", x.name);
    std::fprintf(stderr, "\n");
    std::exit(64);
  }
  bulkhead::init_types<caf::id_block::test>();
  if (*argc > 1 && (*argv)[*argc - 1][0] != '-') {
    auto seeds = chosen->seeds();
    for (size_t i = 0; i < seeds.size(); ++i)
      std::ofstream{std::string{(*argv)[*argc - 1]} + "/seed-" + std::to_string(i), std::ios::binary}.write(
        reinterpret_cast<const char*>(seeds[i].data()), static_cast<std::streamsize>(seeds[i].size()));
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* first, size_t size) {
  chosen->run({reinterpret_cast<const std::byte*>(first), size});
  return 0;
}
