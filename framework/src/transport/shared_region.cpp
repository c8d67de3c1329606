#include "bulkhead/transport/shared_region.hpp"

#include "bulkhead/platform/fd_passing.hpp"
#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/plain_name.hpp"
#include "bulkhead/transport/death_certificate.hpp"
#include "bulkhead/transport/errc.hpp"
#include "bulkhead/transport/kernel_refusal.hpp"
#include "bulkhead/transport/type_ids.hpp"

#include <utility>

namespace bulkhead::transport {

namespace {

caf::error refused(std::string why) {
  return caf::make_error(errc::decode_failed, std::move(why));
}

platform::result<void> seal(platform::memory_file& file, region_writers writers) {
  switch (writers) {
  case region_writers::maker:
    return file.forbid_new_writers();
  case region_writers::nobody:
    return file.make_immutable();
  default:
    return file.forbid_new_seals();
  }
}

platform::result<platform::memory_file> adopt_file(platform::unique_fd number, size_t bytes, region_writers writers) {
  switch (writers) {
  case region_writers::maker:
    return platform::memory_file::adopt_readable(std::move(number), bytes);
  case region_writers::nobody:
    return platform::memory_file::adopt_immutable(std::move(number), bytes);
  default:
    return platform::memory_file::adopt(std::move(number), bytes);
  }
}

constexpr size_t label_bytes_told = 200;

/// "shared_value of app::settings (24 bytes)" for a label, which may be any text; as it is if it is none.
std::string words_of(const std::string& label) {
  auto told = printable(label, label_bytes_told);
  auto first = told.find('/');
  auto last = told.rfind('/');
  if (first == last)
    return '"' + told + '"';
  auto name = told.substr(first + 1, last - first - 1);
  return told.substr(0, first) + " of " + platform::plain_name(name) + " (" + told.substr(last + 1) + " bytes)";
}

} // namespace

caf::expected<shared_region::pointer> shared_region::make(size_t bytes, region_writers writers,
                                                          const fill_function& fill) {
  auto file = platform::memory_file::create("bulkhead shared", bytes);
  if (!file)
    return kernel_refusal(file.error());
  auto memory = file->map_writable();
  if (!memory)
    return kernel_refusal(memory.error());
  if (fill)
    fill({memory->data(), memory->size()});
  if (writers == region_writers::nobody)
    *memory = {}; // nothing may map it for writing when it is sealed
  if (auto sealed = seal(*file, writers); !sealed)
    return kernel_refusal(sealed.error());
  if (writers == region_writers::nobody)
    if (memory = file->map_readonly(); !memory)
      return kernel_refusal(memory.error());
  return std::make_shared<const shared_region>(fd::adopt(std::move(*file).release()), std::move(*memory));
}

caf::expected<shared_region::pointer> shared_region::adopt(const fd& file, size_t bytes, region_writers writers) {
  auto number = platform::duplicate(file.number());
  if (!number)
    return refused("no memory came with a handle of shared state: " + number.error().message());
  auto checked = adopt_file(std::move(*number), bytes, writers);
  if (!checked)
    return refused("what came with a handle of shared state is not its memory: " + checked.error().message());
  auto memory = writers == region_writers::everybody ? checked->map_writable() : checked->map_readonly();
  if (!memory)
    return refused("the memory of shared state cannot be mapped: " + memory.error().message());
  return std::make_shared<const shared_region>(fd::adopt(std::move(*checked).release()), std::move(*memory));
}

shared_region::shared_region(fd file, platform::mapping memory) noexcept
  : file_(std::move(file)), memory_(std::move(memory)) {
  // nop
}

std::string shared_label(const char* kind, const std::type_info& type, size_t type_bytes) {
  return std::string{kind} + '/' + type.name() + '/' + std::to_string(type_bytes);
}

caf::error check_label(const shared_ticket& ticket, const std::string& expected) {
  if (ticket.label == expected)
    return {};
  return refused("expected a " + words_of(expected) + ", and a " + words_of(ticket.label) + " came");
}

caf::error unreadable(bool empty) {
  return caf::make_error(errc::value_unreadable,
                         empty ? "the handle is empty: it was default-constructed" : explain(errc::value_unreadable));
}

void throw_unreadable(const caf::error& reason) {
  throw shared_state_error{to_string(reason)};
}

} // namespace bulkhead::transport
