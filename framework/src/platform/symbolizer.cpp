#include "bulkhead/platform/symbolizer.hpp"

#include "bulkhead/platform/unique_fd.hpp"

#include <cstdlib>
#include <map>
#include <string_view>
#include <utility>

#include <cxxabi.h>
#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace bulkhead::platform {

namespace {

constexpr size_t files_max = 16;
constexpr off_t file_bytes_min =
  sizeof(Elf64_Ehdr); // what the kernel makes up when it is read, as in /proc, has size 0
constexpr off_t file_bytes_max = off_t{1} << 31;
constexpr size_t name_bytes_max = 400;
constexpr size_t positions_max = 16;

/// Says that there is no other file with debugging information: the library's own search asks servers, if it is told of some.
int find_no_debuginfo(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word, char**) {
  return -1;
}

constexpr Dwfl_Callbacks callbacks{nullptr, find_no_debuginfo, dwfl_offline_section_address, nullptr};

/// To open a device can have effects, so the file is looked at before it is opened in earnest.
unique_fd open_regular(const std::string& path) {
  unique_fd place{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  struct stat status {};
  if (!place || ::fstat(place.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < file_bytes_min
      || status.st_size > file_bytes_max)
    return {};
  auto same = "/proc/self/fd/" + std::to_string(place.get());
  return unique_fd{::open(same.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
}

std::string shortened(std::string name) {
  if (name.size() > name_bytes_max)
    name.replace(name_bytes_max - 3, std::string::npos, "...");
  return name;
}

} // namespace

std::string demangled(const std::string& name) {
  int failed = 0;
  std::unique_ptr<char, decltype(&std::free)> text{abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &failed),
                                                   &std::free};
  return shortened(failed == 0 && text ? std::string{text.get()} : name);
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

  [[nodiscard]] std::vector<position> positions(uint64_t offset) const {
    std::vector<position> result;
    int number = 0;
    auto* line = module_ != nullptr ? ::dwfl_module_getsrc(module_, offset) : nullptr;
    const auto* file = line != nullptr ? ::dwfl_lineinfo(line, nullptr, &number, nullptr, nullptr, nullptr) : nullptr;
    if (file == nullptr)
      return result;
    auto source = source_text(file, static_cast<Dwarf_Word>(number));
    for (auto& scope : scopes_at(offset)) {
      if (::dwarf_tag(&scope) != DW_TAG_inlined_subroutine || result.size() + 1 == positions_max)
        continue;
      result.push_back({name_of(scope), std::move(source)});
      source = call_of(scope);
    }
    result.push_back({"", std::move(source)});
    return result;
  }

private:
  // The blocks of code around an address, innermost first.
  [[nodiscard]] std::vector<Dwarf_Die> scopes_at(uint64_t offset) const {
    Dwarf_Addr bias = 0;
    auto* unit = ::dwfl_module_addrdie(module_, offset, &bias);
    if (unit == nullptr)
      return {};
    // The first call follows an inlined function to where it was defined, the second one to where its code stands.
    Dwarf_Die* found = nullptr;
    auto count = ::dwarf_getscopes(unit, offset - bias, &found);
    std::unique_ptr<Dwarf_Die, decltype(&std::free)> defined{found, &std::free};
    if (count <= 0)
      return {};
    Dwarf_Die* around = nullptr;
    count = ::dwarf_getscopes_die(defined.get(), &around);
    std::unique_ptr<Dwarf_Die, decltype(&std::free)> standing{around, &std::free};
    return count > 0 ? std::vector<Dwarf_Die>{around, around + count} : std::vector<Dwarf_Die>{};
  }

  static std::string name_of(Dwarf_Die& function) {
    Dwarf_Attribute place;
    for (auto what : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name})
      if (auto* found = ::dwarf_attr_integrate(&function, static_cast<unsigned>(what), &place); found != nullptr)
        if (const auto* name = ::dwarf_formstring(found); name != nullptr)
          return demangled(name);
    return qualified_name_of(function);
  }

  // Of a function without linkage: its name behind those of the scopes in which it was declared.
  static std::string qualified_name_of(const Dwarf_Die& function) {
    auto declared = function;
    Dwarf_Attribute place;
    for (auto what : {DW_AT_abstract_origin, DW_AT_specification})
      if (auto* found = ::dwarf_attr(&declared, static_cast<unsigned>(what), &place); found != nullptr) {
        Dwarf_Die other;
        if (::dwarf_formref_die(found, &other) != nullptr)
          declared = other;
      }
    Dwarf_Die* around = nullptr;
    auto count = ::dwarf_getscopes_die(&declared, &around);
    std::unique_ptr<Dwarf_Die, decltype(&std::free)> scopes{around, &std::free};
    std::string result;
    for (int i = 0; i < count; ++i) {
      auto* scope = around + i;
      const auto* name = ::dwarf_tag(scope) != DW_TAG_compile_unit ? ::dwarf_diename(scope) : nullptr;
      if (name == nullptr)
        continue;
      auto part = std::string_view{name}.starts_with("<lambda") ? std::string{"{lambda}"} : std::string{name};
      result = result.empty() ? part : part + "::" + result;
    }
    return shortened(std::move(result));
  }

  // Where an inlined function was called.
  static std::string call_of(Dwarf_Die& function) {
    Dwarf_Attribute place;
    Dwarf_Word file = 0;
    Dwarf_Word line = 0;
    if (::dwarf_formudata(::dwarf_attr(&function, DW_AT_call_file, &place), &file) != 0
        || ::dwarf_formudata(::dwarf_attr(&function, DW_AT_call_line, &place), &line) != 0)
      return "";
    Dwarf_Die unit;
    Dwarf_Files* files = nullptr;
    size_t count = 0;
    if (::dwarf_diecu(&function, &unit, nullptr, nullptr) == nullptr || ::dwarf_getsrcfiles(&unit, &files, &count) != 0
        || file >= count)
      return "";
    const auto* name = ::dwarf_filesrc(files, file, nullptr, nullptr);
    return name != nullptr ? source_text(name, line) : "";
  }

  // As it is included, or else without folders.
  static std::string source_text(std::string_view file, Dwarf_Word line) {
    constexpr std::string_view includes = "/include/";
    auto at = file.rfind(includes);
    auto name = at != file.npos ? file.substr(at + includes.size()) : file.substr(file.rfind('/') + 1);
    return std::string{name} + ":" + std::to_string(line);
  }

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

std::vector<symbolizer::position> symbolizer::positions(const std::string& path, uint64_t offset) {
  auto* found = file(path);
  return found != nullptr ? found->positions(offset) : std::vector<position>{};
}

} // namespace bulkhead::platform
