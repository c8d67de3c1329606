// Starts the real program. Catches a batch that stops at a bad picture, gives it the wrong reason, blames good pictures for
// bad ones, or miscounts.
#include <catch2/catch.hpp>

#include "decode.hpp"
#include "program.hpp"
#include "samples.hpp"

#include <map>
#include <sstream>

namespace samples = thumbnails::samples;
using thumbnails::tests::program;
using thumbnails::tests::scratch_folder;

namespace {

constexpr uint32_t width = 50;

void write_good_pictures(const scratch_folder& folder) {
  folder.write("good.jpg", samples::make_jpeg(640, 480));
  for (auto kind : samples::all_png_kinds)
    folder.write("good" + std::to_string(static_cast<int>(kind)) + ".png", samples::make_png(kind, 320, 240));
}

constexpr size_t good_pictures = 1 + std::size(samples::all_png_kinds);

struct batch_run {
  int status = -1;
  std::map<std::string, std::string> results;
  std::string summary;
  std::string text;
  std::string contact_sheet;
};

batch_run run_batch(const scratch_folder& in, const scratch_folder& out) {
  program batch{{"--width", std::to_string(width), "--deadline-ms", "4000", in.path(), out.path()}};
  batch_run result;
  result.text = batch.read_rest();
  std::istringstream lines{result.text};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string file, what;
    words >> file >> what;
    result.results.emplace(file, what); // the table comes first
    if (line.find(" succeeded, ") != line.npos)
      result.summary = line;
    if (line.starts_with("contact sheet: "))
      result.contact_sheet = thumbnails::tests::read_file(out.path() / "index.html");
  }
  result.status = batch.wait();
  return result;
}

size_t count(std::string_view text, std::string_view part) {
  size_t result = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++result;
  return result;
}

size_t count_lines(std::string_view text) {
  while (text.ends_with('\n'))
    text.remove_suffix(1);
  return count(text, "\n") + 1;
}

size_t count_files(const std::filesystem::path& folder) {
  using iterator = std::filesystem::directory_iterator;
  return static_cast<size_t>(std::distance(begin(iterator{folder}), end(iterator{})));
}

uint32_t width_of(const std::filesystem::path& jpeg) {
  auto content = thumbnails::tests::read_file(jpeg);
  auto picture = thumbnails::decode_jpeg(std::as_bytes(std::span{content}), thumbnails::side_max);
  return picture ? picture->width() : 0;
}

} // namespace

TEST_CASE("a batch of good pictures succeeds as a whole") {
  scratch_folder in, out;
  write_good_pictures(in);
  auto batch = run_batch(in, out);
  CHECK(batch.status == 0);
  CHECK(batch.summary == std::to_string(good_pictures) + " succeeded, 0 failed, 0 workers died and were replaced");
  CHECK(width_of(out.path() / "good.jpg.thumb.jpg") == width);
  CHECK(count(batch.contact_sheet, "<img ") == good_pictures);
  CHECK(batch.text.find("worker 0.") == batch.text.npos);
  CHECK(count_lines(batch.text.substr(batch.text.find(batch.summary))) == 2);
}

TEST_CASE("hostile pictures fail one by one, each for its own reason, and the good ones among them succeed") {
  scratch_folder in, out;
  write_good_pictures(in);
  auto hostile = samples::hostile_files();
  for (auto& x : hostile)
    in.write(x.name, x.content);
  auto batch = run_batch(in, out);
  CHECK(batch.status == 1);
  for (auto& x : hostile) {
    INFO(x.name);
#ifdef __SANITIZE_ADDRESS__
    if (x.reason == "out_of_memory") {
      WARN("AddressSanitizer ends a process that runs out of memory before the runtime can say why");
      CHECK(batch.results[x.name] == "crashed");
      continue;
    }
#endif
    CHECK(batch.results[x.name] == x.reason);
    CHECK_FALSE(exists(out.path() / (x.name + ".thumb.jpg")));
  }
  for (auto& file : std::filesystem::directory_iterator{in.path()})
    if (auto name = file.path().filename().string(); name.starts_with("good")) {
      INFO(name);
      CHECK(batch.results[name] == "ok");
      CHECK(width_of(out.path() / (name + ".thumb.jpg")) == width);
    }
  // Two crashes, one deadline, one memory limit; the other files are errors that the decoder returned.
  CHECK(batch.summary
        == std::to_string(good_pictures) + " succeeded, " + std::to_string(hostile.size())
             + " failed, 4 workers died and were replaced");
  // What each of the four has left: at most three lines, a certificate to unfold, and a file.
  size_t deaths = 0;
  for (auto& x : hostile) {
    INFO(x.name);
    auto of = batch.text.find("\n" + x.name + ": worker ");
    auto dies = x.reason == "crashed" || x.reason == "deadline" || x.reason == "out_of_memory";
    deaths += dies ? 1 : 0;
    CHECK((of != batch.text.npos) == dies);
    if (dies)
      CHECK(count_lines(batch.text.substr(of + 1, batch.text.find("\n\n", of + 1) - of)) <= 3);
    CHECK(batch.contact_sheet.find("<h2>" + x.name + "</h2>") != batch.contact_sheet.npos);
  }
  CHECK(count(batch.contact_sheet, "<details>") == deaths);
  CHECK(count_files(out.path() / "certificates") == deaths);
#ifndef __SANITIZE_ADDRESS__ // its own frames come first
  CHECK(batch.text.find("\n  in thumbnails::crash_if_asked_to (decoder.cpp:") != batch.text.npos);
#endif
  CHECK(batch.text.find("\n  while it handled ") != batch.text.npos);
  // Nothing follows the summary but where the rest is.
  auto end = batch.text.substr(batch.text.find(batch.summary));
  CHECK(count_lines(end) == 3);
}

TEST_CASE("a name of a file that means something to a terminal or to a browser is shown as text") {
  scratch_folder in, out;
  const std::string name = "<b>&\x1b[31m '\"%.jpg";
  in.write(name, samples::make_jpeg(640, 480));
  auto batch = run_batch(in, out);
  CHECK(batch.status == 0);
  CHECK(batch.text.find('\x1b') == batch.text.npos);
  CHECK(batch.contact_sheet.find("<h2>&lt;b&gt;&amp;?[31m &#39;&quot;%.jpg</h2>") != batch.contact_sheet.npos);
  CHECK(batch.contact_sheet.find("src=\"./%3Cb%3E%26%1B%5B31m%20%27%22%25.jpg.thumb.jpg\"")
        != batch.contact_sheet.npos);
}

TEST_CASE("an empty folder is done at once") {
  scratch_folder in, out;
  auto batch = run_batch(in, out);
  CHECK(batch.status == 0);
  CHECK(batch.summary == "0 succeeded, 0 failed, 0 workers died and were replaced");
}

TEST_CASE("thumbnails of an earlier run inside the folder are left out") {
  scratch_folder in;
  in.write("good.jpg", samples::make_jpeg(640, 480));
  for (int run = 0; run < 2; ++run) {
    program batch{{in.path(), in.path() / "thumbs"}};
    auto text = batch.read_rest();
    INFO(text);
    CHECK(text.find("\n1 succeeded, 0 failed") != std::string::npos);
    CHECK(batch.wait() == 0);
  }
}

TEST_CASE("wrong usage ends with status 2") {
  scratch_folder in;
  std::vector<std::vector<std::string>> wrong{
    {},
    {in.path()},
    {"--workers", "0", in.path(), in.path()},
    {"--width", "1x", in.path(), in.path()},
    {"--unknown", "1", in.path(), in.path()},
    {"--listen", "nowhere"},
    {"--listen", "127.0.0.1:1", in.path()},
    {in.path() / "missing", in.path()},
    {in.path(), in.path()},
    {"--listen", "192.0.2.1:0"}, // not an address of this machine
  };
  for (auto& arguments : wrong) {
    CAPTURE(arguments);
    CHECK(program{arguments}.wait() == 2);
  }
}
