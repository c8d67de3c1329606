// Catches what a reader of a single change does not see: a layer that looks upward, an ordered access without its partner, a
// promise in the documentation that no test proves. What each rule means stands beside its declaration.
#include "layering.hpp"
#include "markdown.hpp"
#include "prose.hpp"
#include "quotations.hpp"
#include "sync_labels.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <iterator>
#include <set>
#include <sstream>

using namespace bulkhead::tidy;

namespace {

const std::filesystem::path root{BULKHEAD_ROOT};

const layer_list layers = [] {
  std::istringstream names{BULKHEAD_LAYERS};
  return layer_list(std::istream_iterator<std::string>{names}, {});
}();

std::vector<source_file> sources(std::initializer_list<std::string_view> folders) {
  std::vector<source_file> result;
  for (auto folder : folders)
    for (auto& file : read_folder(root, folder, {".hpp", ".cpp"}))
      result.push_back(std::move(file));
  return result;
}

std::vector<source_file> all_sources() {
  return sources({"framework", "actors", "examples", "tests", "bench"});
}

bool in_repository(const std::string& path) {
  return exists(root / path);
}

/// Those of the root and of its folders; what others built or downloaded stands in `build` and in hidden folders.
std::vector<source_file> all_documents() {
  std::vector<source_file> result;
  for (auto& entry : std::filesystem::directory_iterator{root}) {
    auto name = entry.path().filename().string();
    if (entry.is_directory() && !name.starts_with('.') && !name.starts_with("build"))
      for (auto& file : read_folder(root, name, {".md"}))
        result.push_back(std::move(file));
  }
  for (auto& file : read_files(root, "", {".md"}))
    result.push_back(std::move(file));
  return result;
}

template <class Rule>
findings violations(const std::vector<source_file>& files, Rule rule) {
  findings result;
  for (auto& file : files)
    for (auto& found : rule(file))
      result.push_back(found);
  return result;
}

const findings nothing;

} // namespace

TEST_CASE("a layer includes only itself and lower layers") {
  auto files = sources({"framework"});
  REQUIRE_FALSE(files.empty());
  CHECK(violations(files, [](auto& file) { return upward_includes(file, layers); }) == nothing);
}

TEST_CASE("CAF begins at transport and Asio at runtime") {
  CHECK(violations(sources({"framework"}), [](auto& file) { return foreign_includes(file, layers); }) == nothing);
}

TEST_CASE("the operating system's headers stand in platform only") {
  CHECK(violations(sources({"framework"}), [](auto& file) { return system_includes(file, layers); }) == nothing);
}

TEST_CASE("memory orders stand in shm only") {
  CHECK(violations(sources({"framework"}), misplaced_memory_orders) == nothing);
}

TEST_CASE("every ordered access names its partner and has one") {
  CHECK(sync_label_mistakes(sources({"framework"})) == nothing);
}

TEST_CASE("no source file is longer than one can read at a sitting") {
  CHECK(violations(all_sources(), [](auto& file) { return too_long(file); }) == nothing);
}

TEST_CASE("nothing is left unfinished") {
  auto files = all_sources();
  for (std::string_view folder : {"cmake", "docs", "scripts"})
    for (auto& file : read_folder(root, folder, {".cmake", ".md", ".sh"}))
      files.push_back(std::move(file));
  CHECK(violations(files, unfinished_marks) == nothing);
}

TEST_CASE("no test sleeps") {
  CHECK(violations(sources({"tests"}), sleeps) == nothing);
}

TEST_CASE("every test case can be run by its name, which is its own in its program") {
  auto files = read_folder(root, "tests", {".test.cpp"});
  CHECK(violations(files, unspeakable_test_names) == nothing);
  std::set<std::string> seen;
  findings twice;
  for (auto& file : files)
    for (auto& name : test_names(file))
      if (auto program = file.path.substr(0, file.path.rfind('/')); !seen.insert(program + ": " + name).second)
        twice.push_back(program + ": " + name);
  CHECK(twice == nothing);
}

TEST_CASE("every test that the failure model names exists") {
  if (!exists(root / "docs"))
    return;
  auto documents = read_folder(root, "docs", {"failure_model.md"});
  REQUIRE(documents.size() == 1);
  std::set<std::string> tests;
  for (auto& file : read_folder(root, "tests", {".test.cpp"}))
    for (auto& name : test_names(file))
      tests.insert(name);
  auto promised = names_in_last_column(documents.front());
  CHECK_FALSE(promised.empty());
  findings missing;
  std::copy_if(promised.begin(), promised.end(), std::back_inserter(missing),
               [&](auto& name) { return !tests.contains(name); });
  CHECK(missing == nothing);
}

TEST_CASE("the protocol is documented in the version that is spoken") {
  if (!exists(root / "docs"))
    return;
  auto documents = read_folder(root, "docs", {"protocol.md"});
  REQUIRE(documents.size() == 1);
  auto headers = read_folder(root, "framework", {"/transport/handshake.hpp"});
  REQUIRE(headers.size() == 1);
  auto spoken = number_after(headers.front(), "protocol_version = ");
  CHECK(spoken > 0);
  CHECK(number_after(documents.front(), "Version ") == spoken);
}

TEST_CASE("what the table of Python's functions names exists") {
  if (!exists(root / "docs"))
    return;
  auto documents = read_folder(root, "docs", {"executor.md"});
  REQUIRE(documents.size() == 1);
  auto named = names_in_last_column(documents.front());
  CHECK_FALSE(named.empty());
  findings missing;
  std::copy_if(named.begin(), named.end(), std::back_inserter(missing),
               [](auto& name) { return !exists(root / name) && !exists(root / "examples" / (name + ".cpp")); });
  CHECK(missing == nothing);
}

TEST_CASE("every numbered example says what it prints") {
  findings silent;
  for (auto& file : read_folder(root, "examples", {".cpp"}))
    if (auto path = root / file.path;
        path.parent_path() == root / "examples" && !exists(path.replace_extension(".expected")))
      silent.push_back(file.path);
  CHECK(silent == nothing);
}

TEST_CASE("every link of a document leads somewhere") {
  auto documents = all_documents();
  REQUIRE_FALSE(documents.empty());
  CHECK(violations(documents, [&](auto& file) { return dead_links(file, documents, in_repository); }) == nothing);
}

TEST_CASE("every path in a document's code exists") {
  CHECK(violations(all_documents(), [](auto& file) { return missing_paths(file, in_repository); }) == nothing);
}

TEST_CASE("the README is short, and what its code names exists") {
  auto readme = read_files(root, "", {"README.md"});
  REQUIRE(readme.size() == 1);
  CHECK(too_long(readme.front(), 200) == nothing);
  auto files = all_sources();
  for (std::string_view folder : {"cmake", "scripts"})
    for (auto& file : read_folder(root, folder, {".cmake", ".sh"}))
      files.push_back(std::move(file));
  for (auto& file : read_files(root, "", {"CMakeLists.txt"}))
    files.push_back(std::move(file));
  CHECK(unknown_names(readme.front(), words_of(files)) == nothing);
}

TEST_CASE("the tutorial shows its programs as they are built, and what they print") {
  if (!exists(root / "docs"))
    return;
  auto documents = read_folder(root, "docs", {"tutorial.md"});
  REQUIRE(documents.size() == 1);
  std::set<std::string> shown;
  findings wrong;
  const std::string folder = "examples/tutorial";
  auto files = read_folder(root, folder, {".hpp", ".cpp", "outside/CMakeLists.txt", ".expected"});
  for (auto& what : quotations(documents.front())) {
    shown.insert(folder + "/" + what.file);
    auto file = std::find_if(files.begin(), files.end(), [&](auto& x) { return x.path == folder + "/" + what.file; });
    if (file == files.end())
      wrong.push_back("the tutorial shows a file that does not exist: " + what.file);
    else
      for (auto& found : what.is_pattern ? mismatches(what, *file) : differences(what, *file))
        wrong.push_back(found);
  }
  CHECK(wrong == nothing);
  findings hidden;
  for (auto& file : files)
    if (!shown.contains(file.path))
      hidden.push_back(file.path);
  CHECK(hidden == nothing);
}
