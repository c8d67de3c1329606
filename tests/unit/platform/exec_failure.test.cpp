// Catches an error that names the wrong reason why a program cannot be started.
#include "bulkhead/platform/exec_failure.hpp"

#include "shell.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace bulkhead::platform;
using namespace bulkhead::platform::testing;

namespace {

class program_folder {
public:
  program_folder() {
    REQUIRE(::mkdtemp(path_) != nullptr);
  }
  program_folder(const program_folder&) = delete;
  program_folder& operator=(const program_folder&) = delete;
  ~program_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// A file with this text.
  [[nodiscard]] std::string file(const std::string& name, const std::string& text, mode_t mode = 0755) const {
    auto path = std::string{path_} + "/" + name;
    std::ofstream{path} << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  [[nodiscard]] std::string path() const {
    return path_;
  }

private:
  char path_[32] = "/tmp/bulkhead-exec-XXXXXX";
};

/// Why it cannot be started, in words, after the call has failed with `number`.
std::string failure_of(process_spec spec, int number) {
  auto child = process::start(spec);
  REQUIRE(child.has_error());
  CHECK(child.error() == os_error{number, "execve"});
  return exec_failure(spec, child.error().number);
}

process_spec program(std::string path, std::vector<std::string> arguments = {}) {
  process_spec spec;
  spec.program = std::move(path);
  spec.arguments = std::move(arguments);
  return spec;
}

} // namespace

TEST_CASE("each reason why a program cannot be executed has words of its own") {
  program_folder folder;
  CHECK(failure_of(program(folder.path() + "/missing"), ENOENT) == "no such file");
  CHECK(failure_of(program("bulkhead-no-such-program"), ENOENT) == "no such file");
  CHECK_THAT(failure_of(program(folder.file("script", "#!/no/such/interpreter\n")), ENOENT),
             Catch::Contains("script exists, but the interpreter"));
  CHECK_THAT(failure_of(program(folder.path()), EACCES), Catch::EndsWith("is a directory"));
  CHECK_THAT(failure_of(program("/dev/null"), EACCES), Catch::EndsWith("is no regular file"));
  CHECK_THAT(failure_of(program(folder.file("plain", "#!/bin/sh\n", 0644)), EACCES),
             Catch::EndsWith("plain is not marked as executable"));
  CHECK_THAT(failure_of(program(folder.file("through", "#!" + folder.file("denied", "", 0644) + "\n")), EACCES),
             Catch::Contains("or its interpreter may not"));
  CHECK(failure_of(program(folder.file("noise", "\x01\x02\x03")), ENOEXEC)
        == "it is no program that this machine can run");
  CHECK(failure_of(program(folder.file("file", "") + "/below"), ENOTDIR) == "a part of its path is no directory");
  CHECK(failure_of(program("/bin/true", {"true", std::string(200'000, 'x')}), E2BIG)
        == "arguments and environment are larger than the kernel takes");
}

TEST_CASE("a program that is being written says so") {
  program_folder folder;
  auto path = folder.path() + "/busy";
  std::filesystem::copy_file("/bin/true", path);
  unique_fd writer{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  REQUIRE(writer);
  CHECK(failure_of(program(path), ETXTBSY) == "some process has it open for writing");
}

TEST_CASE("a relative program is looked for where it would be executed") {
  program_folder folder;
  (void) folder.file("plain", "#!/bin/sh\n", 0644);
  auto spec = program("./plain");
  spec.working_directory = folder.path();
  CHECK(failure_of(spec, EACCES) == "./plain is not marked as executable");
}
