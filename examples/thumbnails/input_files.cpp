#include "input_files.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace thumbnails {

namespace {

namespace fs = std::filesystem;

class search {
public:
  search(const fs::path& input, const fs::path& output) : input_(input), pending_{fs::path{}} {
    std::error_code unknown; // then it is no folder within
    output_ = fs::canonical(output, unknown);
  }

  input_files run() {
    while (!pending_.empty()) {
      auto folder = std::move(pending_.back());
      pending_.pop_back();
      read(folder);
    }
    std::ranges::sort(result_.files);
    return std::move(result_);
  }

private:
  void read(const fs::path& folder) {
    std::error_code failed;
    auto real = fs::canonical(input_ / folder, failed);
    if (!failed && real == output_)
      return;
    if (!failed)
      for (fs::directory_iterator at{input_ / folder, failed}; !failed && at != fs::directory_iterator{};
           at.increment(failed))
        sort_in(*at, folder / at->path().filename());
    if (failed)
      result_.folders.push_back({folder.empty() ? fs::path{"."} : folder, failed.message()});
  }

  // What the folder itself says suffices for most; links are looked through.
  void sort_in(const fs::directory_entry& entry, const fs::path& path) {
    std::error_code failed;
    auto link = entry.is_symlink(failed);
    if (!link && entry.is_directory(failed))
      pending_.push_back(path);
    else if (entry.is_regular_file(failed))
      result_.files.push_back(path);
    else if (link && entry.is_directory(failed))
      result_.others.push_back({path, "a link to a folder, which is not followed"});
    else
      result_.others.push_back({path, failed ? failed.message() : "neither a file nor a folder"});
  }

  fs::path input_;
  fs::path output_;
  std::vector<fs::path> pending_;
  input_files result_;
};

} // namespace

input_files find_input_files(const fs::path& input, const fs::path& output) {
  return search{input, output}.run();
}

} // namespace thumbnails
