// Catches half a file under a final name, a good file that a failed write destroys, and input that a search skips in silence.
#include <catch2/catch.hpp>

#include "input_files.hpp"
#include "program.hpp"
#include "read_file.hpp"
#include "thumbnail_name.hpp"
#include "write_file.hpp"

#include <algorithm>
#include <csignal>

#include <sys/resource.h>
#include <sys/stat.h>

namespace fs = std::filesystem;
using thumbnails::tests::scratch_folder;

namespace {

/// This process may write no further into any file.
class file_size_limit {
public:
  explicit file_size_limit(rlim_t bytes_max) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now{bytes_max, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }

  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }

  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;

private:
  rlimit before_{};
};

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> result;
  for (auto& x : fs::directory_iterator{folder})
    result.push_back(x.path().filename().string());
  std::ranges::sort(result);
  return result;
}

} // namespace

TEST_CASE("a file that cannot be written whole leaves the earlier one, and nothing else") {
  scratch_folder folder;
  folder.write("old.jpg", "old");
  {
    file_size_limit limit{10};
    CHECK(thumbnails::write_file(folder.path() / "old.jpg", std::string(11, 'x')) == std::errc::file_too_large);
    CHECK(thumbnails::write_file(folder.path() / "new.jpg", std::string(11, 'x')) == std::errc::file_too_large);
    CHECK_FALSE(thumbnails::write_file(folder.path() / "small.jpg", "fits"));
  }
  CHECK(names_in(folder.path()) == std::vector<std::string>{"old.jpg", "small.jpg"});
  CHECK(thumbnails::tests::read_file(folder.path() / "old.jpg") == "old");
}

TEST_CASE("the reason why a file cannot be written is the system's") {
  scratch_folder folder;
  folder.write("file", "");
  fs::create_directories(folder.path() / "folder" / "within");
  CHECK(thumbnails::write_file(folder.path() / "folder", "x") == std::errc::is_a_directory);
  CHECK(thumbnails::write_file(folder.path() / "file" / "x", "x") == std::errc::not_a_directory);
  CHECK(thumbnails::write_file(folder.path() / std::string(256, 'n'), "x") == std::errc::filename_too_long);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"file", "folder"});
}

TEST_CASE("a file is read as a whole or not at all") {
  scratch_folder folder;
  folder.write("ten", "0123456789");
  folder.write("none", "");
  REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
  auto read = [&](const char* name, uint64_t max) { return thumbnails::read_file(folder.path() / name, max); };
  CHECK(read("ten", 10).value().view() == "0123456789");
  CHECK(read("ten", 9).error() == std::errc::file_too_large);
  CHECK(read("none", 10).value().empty());
  CHECK(read("none", 0).value().empty());
  CHECK(read("gone", 10).error() == std::errc::no_such_file_or_directory);
  CHECK(read("", 10).error() == std::errc::is_a_directory);
  CHECK(read("pipe", 10).error() == std::errc::not_supported);
  CHECK(thumbnails::read_file("/proc/self/status", 1 << 20).value().size() > 0); // its size is said to be 0
  CHECK(thumbnails::read_file("/proc/self/status", 10).error() == std::errc::file_too_large);
}

TEST_CASE("a search names all that it does not read") {
  scratch_folder in, out;
  in.write("a.jpg", "");
  fs::create_directories(in.path() / "below" / "deep");
  in.write("below/deep/b.jpg", "");
  in.write("below/\xFF\n.jpg", "");
  fs::create_directory_symlink("..", in.path() / "below" / "up");
  fs::create_symlink("loop", in.path() / "loop");
  fs::create_symlink("nothing", in.path() / "dangling");
  fs::create_symlink("a.jpg", in.path() / "alias.jpg");
  REQUIRE(::mkfifo((in.path() / "pipe").c_str(), 0600) == 0);
  fs::create_directories(in.path() / "thumbs");
  in.write("thumbs/old.thumb.jpg", "");
  auto found = thumbnails::find_input_files(in.path(), in.path() / "thumbs");
  CHECK(found.files == std::vector<fs::path>{"a.jpg", "alias.jpg", "below/deep/b.jpg", "below/\xFF\n.jpg"});
  CHECK(found.folders.empty());
  std::vector<std::string> others;
  for (auto& x : found.others)
    others.push_back(x.path.string());
  std::ranges::sort(others);
  CHECK(others == std::vector<std::string>{"below/up", "dangling", "loop", "pipe"});
}

TEST_CASE("two files never share a thumbnail, and each name of a thumbnail fits") {
  CHECK(thumbnails::thumbnail_name("a/b.jpg") == "a/b.jpg.thumb.jpg");
  CHECK(thumbnails::thumbnail_name("a/b.png") == "a/b.png.thumb.jpg");
  std::string umlauts;
  while (umlauts.size() < 254)
    umlauts += "\xC3\xA4";
  auto longest = std::string(255, 'n');
  for (auto& name : {std::string(245, 'n'), std::string(246, 'n'), longest, umlauts})
    CHECK(fs::path{thumbnails::thumbnail_name("a/" + name)}.filename().string().size() <= 255);
  CHECK(thumbnails::thumbnail_name(longest) != thumbnails::thumbnail_name(longest.substr(1) + "m"));
  CHECK(thumbnails::thumbnail_name(umlauts).find("\xC3~") == std::string::npos);
}
