#include "bulkhead/platform/symbolizer.hpp"

#include "bulkhead/platform/unique_fd.hpp"

#include <cstdlib>
#include <map>

#include <cxxabi.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace bulkhead::platform {

namespace {

constexpr size_t files_max = 16;
constexpr off_t file_bytes_max = off_t{1} << 31;
constexpr size_t name_bytes_max = 400;

/// Says that there is no other file with debugging information: the library's own search asks servers, if it is told of some.
int find_no_debuginfo(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word, char**) {
  return -1;
}

constexpr Dwfl_Callbacks callbacks{nullptr, find_no_debuginfo, dwfl_offline_section_address, nullptr};

/// Not blocking, in case that it is a pipe.
unique_fd open_regular(const std::string& path) {
  unique_fd fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > file_bytes_max)
    return {};
  return fd;
}

std::string last_part(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

} // namespace

std::string demangled(const std::string& name) {
  int failed = 0;
  std::unique_ptr<char, decltype(&std::free)> text{abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &failed),
                                                   &std::free};
  auto result = failed == 0 && text ? std::string{text.get()} : name;
  if (result.size() > name_bytes_max)
    result.replace(name_bytes_max - 3, std::string::npos, "...");
  return result;
}

class symbolizer::module_file {
public:
  explicit module_file(const std::string& path) {
    auto fd = open_regular(path);
    if (!fd)
      return;
    session_.reset(::dwfl_begin(&callbacks));
    if (!session_)
      return;
    // At its own addresses. The descriptor is the library's if it can read the file.
    module_ = ::dwfl_report_elf(session_.get(), path.c_str(), path.c_str(), fd.get(), 0, true);
    if (module_ != nullptr)
      (void) fd.release();
    (void) ::dwfl_report_end(session_.get(), nullptr, nullptr);
  }

  [[nodiscard]] std::string function(uint64_t offset) const {
    GElf_Off from_symbol = 0;
    GElf_Sym symbol;
    const auto* name = module_ == nullptr
                         ? nullptr
                         : ::dwfl_module_addrinfo(module_, offset, &from_symbol, &symbol, nullptr, nullptr, nullptr);
    return name != nullptr ? demangled(name) : "";
  }

  [[nodiscard]] std::string source(uint64_t offset) const {
    int number = 0;
    auto* line = module_ != nullptr ? ::dwfl_module_getsrc(module_, offset) : nullptr;
    const auto* file = line != nullptr ? ::dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr) : nullptr;
    return file != nullptr ? last_part(file) + ":" + std::to_string(number) : "";
  }

private:
  struct session_end {
    void operator()(Dwfl* what) const {
      ::dwfl_end(what);
    }
  };

  std::unique_ptr<Dwfl, session_end> session_;
  Dwfl_Module* module_ = nullptr;
};

struct symbolizer::implementation {
  std::chrono::steady_clock::time_point deadline;
  std::map<std::string, module_file> files;
};

symbolizer::symbolizer(std::chrono::milliseconds budget) : impl_(std::make_unique<implementation>()) {
  impl_->deadline = std::chrono::steady_clock::now() + budget;
}

symbolizer::~symbolizer() = default;

// Null if there is no time left, or no room for another file.
const symbolizer::module_file* symbolizer::file(const std::string& path) {
  if (std::chrono::steady_clock::now() > impl_->deadline)
    return nullptr;
  if (auto known = impl_->files.find(path); known != impl_->files.end())
    return &known->second;
  return impl_->files.size() < files_max ? &impl_->files.try_emplace(path, path).first->second : nullptr;
}

std::string symbolizer::function(const std::string& path, uint64_t offset) {
  auto* found = file(path);
  return found != nullptr ? found->function(offset) : "";
}

std::string symbolizer::source(const std::string& path, uint64_t offset) {
  auto* found = file(path);
  return found != nullptr ? found->source(offset) : "";
}

} // namespace bulkhead::platform
