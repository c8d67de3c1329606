// Catches a rule that finds nothing any more: each is shown a file that breaks it and one that does not.
#include "layering.hpp"
#include "markdown.hpp"
#include "prose.hpp"
#include "quotations.hpp"
#include "sync_labels.hpp"

#include <catch2/catch.hpp>

using namespace bulkhead::tidy;

namespace {

const layer_list layers{"platform", "shm", "transport", "supervision", "runtime", "facade"};

source_file shm_file(std::string_view text) {
  return make_source_file("framework/include/bulkhead/shm/x.hpp", text);
}

/// A test file's text, in pieces so that this file has no such test case itself.
source_file test_file(const std::string& arguments) {
  return make_source_file("tests/unit/shm/x.test.cpp", "TEST_" + ("CASE(" + arguments) + ") {\n}\n");
}

} // namespace

TEST_CASE("the rules notice an include of an upper layer, a path that climbs, and a folder that is no layer") {
  CHECK(upward_includes(shm_file("#include \"bulkhead/transport/edge.hpp\"\n"), layers).size() == 1);
  CHECK(upward_includes(shm_file("#include <bulkhead/bulkhead.hpp>\n"), layers).size() == 1);
  CHECK(upward_includes(shm_file("#include \"../runtime/link.hpp\"\n"), layers).size() == 1);
  CHECK(upward_includes(make_source_file("framework/src/utils/x.cpp", ""), layers).size() == 1);
  CHECK(upward_includes(shm_file("#include <bulkhead/platform/mapping.hpp>\n#include \"y.hpp\"\n"), layers).empty());
  CHECK(upward_includes(make_source_file("framework/include/bulkhead/host.hpp", "#include <bulkhead/runtime/link.hpp>"),
                        layers)
          .empty());
}

TEST_CASE("the rules notice CAF, Asio and the operating system where they do not belong") {
  CHECK(foreign_includes(shm_file("#include <caf/error.hpp>"), layers).size() == 1);
  CHECK(foreign_includes(make_source_file("framework/src/transport/x.cpp", "#include <boost/asio.hpp>"), layers).size()
        == 1);
  CHECK(
    foreign_includes(make_source_file("framework/src/transport/x.cpp", "#include <caf/error.hpp>"), layers).empty());
  CHECK(system_includes(shm_file("#include <sys/mman.h>\n#include <unistd.h>\n"), layers).size() == 2);
  CHECK(system_includes(make_source_file("framework/src/platform/x.cpp", "#include <sys/mman.h>"), layers).empty());
}

TEST_CASE("the rules notice an ordered access without a label, and a label without its other half") {
  auto mistakes = [](std::string_view text) { return sync_label_mistakes({shm_file(text)}).size(); };
  CHECK(mistakes("x.store(1, std::memory_order_release); // sync: a/b\n"
                 "y = x.load(std::memory_order_acquire); // sync: a/b\n")
        == 0);
  CHECK(mistakes("x.store(1, std::memory_order_release);\n") == 1);
  CHECK(mistakes("x.store(1, std::memory_order::release); // sync: a/b\n") == 1);
  CHECK(mistakes("x.store(1, std::memory_order_release); // sync: a/b\n"
                 "y = x.load(std::memory_order_acquire); // sync: b/a\n")
        == 2);
  CHECK(mistakes("x.store(1, std::memory_order_release); // sync: a/b\n"
                 "x.store(2, std::memory_order_release); // sync: a/b\n")
        == 1);
  CHECK(mistakes("x.store(1, std::memory_order_release); // sync: a/b\n"
                 "y = x.load(std::memory_order_acquire);\n")
        == 2);
  CHECK(mistakes("// sync: a/b\nint x;\n") == 1);
  CHECK(mistakes("x.store(1, std::memory_order_relaxed); // nobody reads it yet\n") == 0);
}

TEST_CASE("a label may stand before its access, beside a second one, or where a call begins") {
  CHECK(sync_label_mistakes({shm_file("// sync: a/b, and c/d for\n"
                                      "// the bytes\n"
                                      "x.store(1, std::memory_order_release);\n"),
                             shm_file("x.compare_exchange_strong(y, 1, // sync: a/b, and c/d\n"
                                      "                          std::memory_order_acq_rel);\n")})
          .empty());
}

TEST_CASE("the rules notice a memory order outside of shm") {
  auto text = "x.store(1, std::memory_order_relaxed);\n";
  CHECK(misplaced_memory_orders(shm_file(text)).empty());
  CHECK(misplaced_memory_orders(make_source_file("framework/src/runtime/x.cpp", text)).size() == 1);
}

TEST_CASE("the rules notice long files, marks and sleeps") {
  CHECK(too_long(shm_file(std::string(400, '\n'))).empty());
  CHECK(too_long(shm_file(std::string(401, '\n'))).size() == 1);
  CHECK(too_long(make_source_file("README.md", std::string(201, '\n')), 200).size() == 1);
  CHECK(unfinished_marks(shm_file(std::string{"// TO"} + "DO: later\n")).size() == 1);
  CHECK(unfinished_marks(shm_file("mkdtemp(\"/tmp/XXXXXX\");\n")).empty());
  CHECK(sleeps(shm_file(std::string{"std::this_thread::sleep"} + "_for(1s);\n")).size() == 1);
}

TEST_CASE("test names are found in one piece and in several") {
  using names = std::vector<std::string>;
  CHECK(test_names(test_file("\"a name\"")) == names{"a name"});
  CHECK(test_names(test_file("\"a long \"\n          \"name\", \"[tag]\"")) == names{"a long name"});
  CHECK(test_names(test_file("\n  \"a name below\"")) == names{"a name below"});
  CHECK(test_names(make_source_file("x", "TEMPLATE_TEST_" + std::string{"CASE(\"typed\", \"\", int) {}"}))
        == names{"typed"});
  CHECK(unspeakable_test_names(test_file("\"a name, with a comma: fine\"")).empty());
  CHECK(unspeakable_test_names(test_file("\"two; in CMake's eyes\"")).size() == 1);
}

TEST_CASE("only the last column of a table names tests") {
  auto document = make_source_file("docs/x.md", "`not this`\n"
                                                "| event | `proof` |\n"
                                                "|---|---|\n"
                                                "| `SIGKILL` | `one test`, and `another` |\n");
  CHECK(names_in_last_column(document) == std::vector<std::string>{"one test", "another"});
}

TEST_CASE("a number is found behind its text") {
  auto document = make_source_file("docs/x.md", "# Protocol\n\nVersion 12. It is\n");
  CHECK(number_after(document, "Version ") == 12);
  CHECK(number_after(document, "version = ") == 0);
}

TEST_CASE("the rules notice a link to a file or a heading that does not exist") {
  auto other = make_source_file("docs/other.md", "# Other\n\n## What `x` costs, and why\n\n## Twice\n\n## Twice\n");
  auto dead = [&](std::string_view text) {
    auto document = make_source_file("docs/x.md", "# The first\n" + std::string{text});
    auto exists = [](const std::string& path) {
      return std::set<std::string>{"README.md", "docs", "docs/x.md", "docs/other.md"}.contains(path);
    };
    return dead_links(document, {document, other}, exists).size();
  };
  CHECK(dead("[a](other.md), [b](../README.md) and\n![c](../docs/)\n") == 0);
  CHECK(dead("[a](missing.md) and [b](../../README.md), [c](/docs)\n") == 3);
  CHECK(dead("[a name that\ngoes on](missing.md)\n") == 1);
  CHECK(dead("[a](#the-first), [b](other.md#what-x-costs-and-why), [c](other.md#twice-1)\n") == 0);
  CHECK(dead("[a](#the-second), [b](other.md#twice-2), [c](../README.md#any)\n") == 3);
  CHECK(dead("[a](https://example.org/missing.md#x)\n") == 0);
  CHECK(dead("[a]: missing.md \"with a title\"\n") == 1);
  CHECK(dead("`[](int32_t x)` and\n```cpp\nauto f = [](int32_t x) {};\n# no heading\n```\n[a](#no-heading)\n") == 1);
  CHECK(dead("[`x`](missing.md)\n") == 1);
}

TEST_CASE("the rules notice a document that names what does not exist") {
  auto named = [](std::string_view text) { return make_source_file("README.md", text); };
  auto exists = [](const std::string& path) {
    return std::set<std::string>{"scripts", "scripts/test.sh", "docs"}.contains(path);
  };
  CHECK(
    missing_paths(named("`scripts/test.sh --all`, `docs/`, `build/x`, `a/b`, scripts/none.sh, `docs/*.md`\n"), exists)
      .empty());
  CHECK(missing_paths(named("`scripts/none.sh --all` and `docs/x`\n"), exists).size() == 2);
  auto words = words_of({shm_file("int mailbox_bytes = spare(region);\n")});
  CHECK(unknown_names(named("`mailbox_bytes`, `bulkhead::region`, `spare(7)`, not_code, `word`\n"), words).empty());
  CHECK(unknown_names(named("`mailbox_byte` and `bulkhead::regions`, `spares(7)`\n"), words).size() == 3);
  CHECK(unknown_names(named("```cpp\nspares(7); // not_this\n```\n```\nspares(7)\n```\n"), words).size() == 1);
}

TEST_CASE("a quotation is all blocks below the comments that name its file") {
  auto found = quotations(make_source_file("a.md", "<!-- same as a.cpp -->\n```cpp\nint x;\n```\n```\nother\n```\n"
                                                   "<!-- matches a.expected -->\n```console\n$ run\n```\n"
                                                   "<!-- matches a.expected -->\n```console\n1\n```\n"));
  REQUIRE(found.size() == 2);
  CHECK(found[0].file == "a.cpp");
  CHECK_FALSE(found[0].is_pattern);
  CHECK(found[0].lines == std::vector<std::string>{"int x;"});
  CHECK(found[1].is_pattern);
  CHECK(found[1].lines == std::vector<std::string>{"$ run", "1"});
}

TEST_CASE("the rules notice a quotation that differs from its file") {
  auto file = make_source_file("a.cpp", "int x;\nint y;\n");
  CHECK(differences({"a.cpp", false, {"int x;", "int y;"}}, file).empty());
  CHECK(differences({"a.cpp", false, {"int x;"}}, file).size() == 1);
  CHECK(differences({"a.cpp", false, {"int x;", "int z;"}}, file).size() == 1);
  CHECK(differences({"a.cpp", false, {"int x;", "int y;", "int z;"}}, file).size() == 1);
}

TEST_CASE("the rules notice a quotation that does not match its patterns") {
  auto patterns = make_source_file("a.expected", "pid [0-9]+\n...\n\\$ ask\nend\n");
  auto found = [&](std::vector<std::string> lines) {
    return mismatches({"a", true, std::move(lines)}, patterns).size();
  };
  CHECK(found({"$ run", "pid 7", "more", "...", "$ ask", "end", "^C"}) == 0);
  CHECK(found({"pid 7", "$ ask", "end"}) == 0);
  CHECK(found({"pid x", "$ ask", "end"}) == 1);
  CHECK(found({"pid 7", "end"}) == 1);
  CHECK(found({"pid 7", "$ ask", "not this", "end"}) == 1);
  CHECK(found({"pid 7", "$ ask", "end", "too much"}) == 1);
}
