// Writes pictures that try to crash, stall or exhaust a program that decodes them. For demonstrations.

#include "samples.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: thumbnails_hostile_files OUT_DIR\n");
    return 2;
  }
  std::filesystem::path folder{argv[1]};
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  for (auto& x : thumbnails::samples::hostile_files()) {
    std::ofstream out{folder / x.name, std::ios::binary | std::ios::trunc};
    out << x.content;
    if (!out.flush()) {
      std::fprintf(stderr, "thumbnails_hostile_files: cannot write %s\n", (folder / x.name).c_str());
      return 2;
    }
  }
  return 0;
}
