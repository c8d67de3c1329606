// Starts the real program. Catches files that are missing from the report, and reasons and exit statuses that hide what went wrong.
#include <catch2/catch.hpp>

#include "program.hpp"
#include "samples.hpp"

namespace fs = std::filesystem;
namespace samples = thumbnails::samples;
using namespace thumbnails::tests;

namespace {

struct finished_batch {
  std::string text;
  int status;
};

finished_batch run_over(const scratch_folder& in, const scratch_folder& out) {
  program batch{{"--width", "20", in.path(), out.path()}};
  auto text = batch.read_rest();
  return {text, batch.wait()};
}

bool shows(const finished_batch& batch, std::string_view text) {
  return batch.text.find(text) != std::string::npos;
}

// Below `top`, at a path that the system does not take: so nothing below it can be read, not even by root.
void make_unreadable_folder(const fs::path& top) {
  fs::path half;
  for (int i = 0; i < 10; ++i)
    half /= std::string(220, 'd');
  fs::create_directories(top / "outer" / half);
  fs::create_directories(top / "inner" / half);
  fs::rename(top / "inner", top / "outer" / half / "inner");
}

} // namespace

TEST_CASE("a folder that cannot be read has a line, and the batch ends with status 2") {
  scratch_folder in, out;
  in.write("good.jpg", samples::make_jpeg(64, 48));
  make_unreadable_folder(in.path());
  auto batch = run_over(in, out);
  INFO(batch.text);
  CHECK(shows(batch, "unread_folder"));
  CHECK(shows(batch, "File name too long"));
  CHECK(shows(batch, "\n1 succeeded, 1 failed"));
  CHECK(batch.status == 2);
}

TEST_CASE("what is no file has a line, and the batch ends with status 1") {
  scratch_folder in, out;
  in.write("good.jpg", samples::make_jpeg(64, 48));
  fs::create_symlink("loop", in.path() / "loop");
  fs::create_directory_symlink(".", in.path() / "again");
  auto batch = run_over(in, out);
  INFO(batch.text);
  CHECK(shows(batch, "Too many levels of symbolic links"));
  CHECK(shows(batch, "a link to a folder, which is not followed"));
  CHECK(shows(batch, "\n1 succeeded, 2 failed"));
  CHECK(batch.status == 1);
}

TEST_CASE("a thumbnail that cannot be written has the reason, and the batch ends with status 2") {
  scratch_folder in, out;
  in.write("good.jpg", samples::make_jpeg(64, 48));
  fs::create_directories(out.path() / "good.jpg.thumb.jpg" / "not empty");
  auto batch = run_over(in, out);
  INFO(batch.text);
  CHECK(shows(batch, "the thumbnail could not be written: Is a directory"));
  CHECK(batch.status == 2);
  for (auto& x : fs::directory_iterator{out.path()})
    CHECK(x.path().extension() != ".part");
}

TEST_CASE("a picture with the longest possible name has a thumbnail") {
  scratch_folder in, out;
  in.write(std::string(251, 'n') + ".jpg", samples::make_jpeg(64, 48));
  auto batch = run_over(in, out);
  INFO(batch.text);
  CHECK(shows(batch, "\n1 succeeded, 0 failed"));
  CHECK(batch.status == 0);
}
