#include "bulkhead/runtime/task_function.hpp"

#include "bulkhead/runtime/task_runner.hpp"
#include "bulkhead/transport/foreign_call.hpp"

#include <boost/core/demangle.hpp>

#include <exception>
#include <map>
#include <string_view>

namespace bulkhead::runtime {

namespace {

// Filled before `main` and read-only after that. Global, because an initializer has nobody to hand it to.
std::map<uint64_t, task_entry>& table() {
  static std::map<uint64_t, task_entry> result;
  return result;
}

// FNV-1a, as everywhere.
uint64_t digest(std::string_view text) {
  uint64_t result = 14695981039346656037U;
  for (auto c : text)
    result = (result ^ static_cast<uint8_t>(c)) * 1099511628211U;
  return result;
}

// Of what was thrown.
caf::message failure() {
  auto type = transport::thrown_type();
  auto text = transport::thrown_text();
  return caf::make_message(caf::make_error(errc::task_failed, text == type ? type : type + ": " + text));
}

} // namespace

task_entry add_task_function(const char* name, task_function run) {
  task_entry result{digest(name), name, run};
  while (!table().emplace(result.key, result).second)
    ++result.key;
  return result;
}

const task_entry* find_task_function(uint64_t key) {
  auto i = table().find(key);
  return i == table().end() ? nullptr : &i->second;
}

std::string describe(const task_entry& entry) {
  return boost::core::demangle(entry.name);
}

std::string name_of_function(const task_entry& entry) {
  auto whole = describe(entry);
  constexpr std::string_view unnamed = "(anonymous namespace)::";
  for (auto at = whole.find(unnamed); at != std::string::npos; at = whole.find(unnamed))
    whole.erase(at, unnamed.size());
  auto begin = whole.find_first_not_of("&(", whole.find('&'));
  if (begin == std::string::npos || whole.find("{lambda") != std::string::npos)
    return whole;
  return whole.substr(begin, whole.find_first_of("(,>", begin) - begin);
}

caf::message run_guarded(task_function run, const caf::message& arguments) {
  try {
    return run(arguments);
  } catch (...) {
    return failure();
  }
}

caf::message run_each(task_function run, const caf::message& arguments) {
  auto view = caf::make_const_typed_message_view<transport::task_chunk>(arguments);
  if (!view)
    throw argument_mismatch{"takes a chunk"};
  transport::task_chunk result;
  for (auto& x : caf::get<0>(view).items) {
    call_begins(result.items.size());
    result.items.push_back(run_guarded(run, x));
  }
  return caf::make_message(std::move(result));
}

} // namespace bulkhead::runtime
