#include "bulkhead/platform/exec_failure.hpp"

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

namespace bulkhead::platform {

namespace {

struct file_state {
  bool exists = false;
  mode_t mode = 0;
};

file_state state_of(const process_spec& spec, const std::string& file) {
  auto relative = file.empty() || file.front() != '/';
  auto path = relative && !spec.working_directory.empty() ? spec.working_directory + "/" + file : file;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return {};
  return {true, status.st_mode};
}

std::string denied(const process_spec& spec, const std::vector<std::string>& files) {
  for (auto& x : files) {
    auto found = state_of(spec, x);
    if (!found.exists)
      continue;
    if (S_ISDIR(found.mode))
      return x + " is a directory";
    if (!S_ISREG(found.mode))
      return x + " is no regular file";
    if ((found.mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
      return x + " is not marked as executable";
    return x + " may not be executed: by this user, on its file system (noexec), or its interpreter may not";
  }
  return "a folder of its path may not be searched";
}

std::string missing(const process_spec& spec, const std::vector<std::string>& files) {
  constexpr std::string_view proc{"/proc/"};
  for (auto& x : files)
    if (state_of(spec, x).exists)
      return x + " exists, but the interpreter that it names (its first line, or its dynamic loader) does not";
  if (files.size() == 1 && files.front().starts_with(proc) && ::access("/proc/self/exe", F_OK) != 0)
    return "/proc is not mounted, or may not be read";
  return "no such file";
}

} // namespace

std::vector<std::string> program_files(const std::string& program) {
  if (program.empty() || program.find('/') != std::string::npos)
    return {program};
  const char* path = std::getenv("PATH");
  std::string_view folders = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  std::vector<std::string> found;
  for (;;) {
    auto folder = std::string{folders.substr(0, folders.find(':'))};
    found.push_back((folder.empty() ? "." : folder) + "/" + program);
    if (folders.find(':') == std::string_view::npos)
      return found;
    folders.remove_prefix(folder.size() + 1);
  }
}

std::string exec_failure(const process_spec& spec, int number) {
  auto files = program_files(spec.program);
  switch (number) {
  case ENOENT:
    return missing(spec, files);
  case EACCES:
    return denied(spec, files);
  case ENOEXEC:
    return "it is no program that this machine can run";
  case ETXTBSY:
    return "some process has it open for writing";
  case E2BIG:
    return "arguments and environment are larger than the kernel takes";
  case ENOTDIR:
    return "a part of its path is no directory";
  default:
    return {};
  }
}

} // namespace bulkhead::platform
