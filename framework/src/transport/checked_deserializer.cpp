#include "bulkhead/transport/checked_deserializer.hpp"

#include "bulkhead/transport/message_format.hpp"
#include "bulkhead/transport/type_loaders.hpp"

#include <caf/error.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

#include <algorithm>

namespace bulkhead::transport {

checked_deserializer::checked_deserializer(caf::execution_unit* context, std::span<const std::byte> input) noexcept
  : source_(context, input.data(), input.size()), elements_left_(input.size() + empty_elements_max) {
  // nop
}

// Each element has a byte of its own at least, unless it needs none at all.
bool checked_deserializer::begin_sequence(size_t& count) {
  if (!has_count() || !source_.begin_sequence(count))
    return failed();
  if (count > elements_left_) {
    emplace_error(caf::sec::end_of_stream, "a container claims " + std::to_string(count)
                                             + " elements, and the input has room for " + std::to_string(elements_left_)
                                             + " at most");
    return false;
  }
  elements_left_ -= count;
  return true;
}

bool checked_deserializer::value(std::string& x) {
  return (has_count() && source_.value(x)) || failed();
}

bool checked_deserializer::value(std::u16string& x) {
  return (has_count() && source_.value(x)) || failed();
}

bool checked_deserializer::value(std::u32string& x) {
  return (has_count() && source_.value(x)) || failed();
}

bool checked_deserializer::value(std::vector<bool>& x) {
  return (has_count() && source_.value(x)) || failed();
}

bool checked_deserializer::builtin_inspect(caf::message& x) {
  level here{*this};
  return here.allowed() && load_message(*this, x);
}

bool checked_deserializer::builtin_inspect(caf::error& x) {
  if (!inspect(*this, x))
    return false;
  if (!x || is_error_code(x.category()))
    return true;
  auto category = std::to_string(x.category());
  x = {};
  emplace_error(caf::sec::invalid_argument, "an error has a code of type " + category + ", which is none for errors");
  return false;
}

bool checked_deserializer::too_deep() {
  emplace_error(caf::sec::runtime_error, "values are nested in more than " + std::to_string(nesting_max) + " levels");
  return false;
}

bool checked_deserializer::has_count() {
  constexpr size_t octets_max = 5;
  auto rest = source_.remainder();
  auto looked_at = std::min(rest.size(), octets_max);
  for (size_t i = 0; i < looked_at; ++i)
    if ((static_cast<unsigned>(rest[i]) & 0x80u) == 0)
      return i + 1 < octets_max || static_cast<unsigned>(rest[i]) < 0x10u;
  return false;
}

bool checked_deserializer::failed() {
  if (!get_error())
    set_error(source_.get_error() ? source_.move_error() : caf::make_error(caf::sec::end_of_stream));
  return false;
}

} // namespace bulkhead::transport
