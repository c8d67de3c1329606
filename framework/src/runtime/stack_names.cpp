// A question is the type of the exception, then a line "OFFSET FILE" for each place. An answer has lines "t TYPE", "f PLACE FUNCTION",
// "p PLACE SOURCE<tab>FUNCTION", and "e" at its end.
#include "bulkhead/runtime/stack_names.hpp"

#include "bulkhead/transport/death_certificate.hpp"

#include <charconv>
#include <cstdio>

namespace bulkhead::runtime {

namespace {

constexpr size_t name_bytes_max = 400;
constexpr size_t positions_max = 16;

std::string_view take_until(std::string_view& text, char end) {
  auto at = text.find(end);
  auto result = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return result;
}

template <class Number>
Number number_in(std::string_view text, int base) {
  Number result = ~Number{0};
  (void) std::from_chars(text.data(), text.data() + text.size(), result, base);
  return result;
}

std::string answer_line(char kind, size_t place, std::string_view rest) {
  return std::string{kind} + ' ' + std::to_string(place) + ' ' + printable(rest, 2 * name_bytes_max + 1) + '\n';
}

} // namespace

std::string write_question(const name_question& what) {
  auto result = what.exception_type + '\n';
  for (auto& x : what.places) {
    char offset[24];
    std::snprintf(offset, sizeof offset, "%llx ", static_cast<unsigned long long>(x.offset));
    result += offset + x.module + '\n';
  }
  return result;
}

name_question read_question(std::string_view text) {
  name_question result;
  result.exception_type = take_until(text, '\n');
  while (!text.empty()) {
    auto one = take_until(text, '\n');
    auto offset = number_in<uint64_t>(take_until(one, ' '), 16);
    result.places.push_back({std::string{one}, offset});
  }
  return result;
}

std::string write_exception(const std::string& name) {
  return "t " + printable(name, name_bytes_max) + '\n';
}

std::string write_function(size_t place, const std::string& name) {
  return answer_line('f', place, name);
}

std::string write_position(size_t place, const place_names::position& what) {
  return answer_line('p', place, what.source + '\t' + what.function);
}

std::string write_end() {
  return "e\n";
}

stack_names read_answer(std::string_view text, size_t places) {
  stack_names result;
  result.places.resize(places);
  result.missing = "the answer is not whole";
  while (!text.empty()) {
    auto one = take_until(text, '\n');
    auto kind = take_until(one, ' ');
    if (kind == "e")
      result.missing.clear();
    if (kind == "t")
      result.exception_type = printable(one, name_bytes_max);
    if (kind != "f" && kind != "p")
      continue;
    auto place = number_in<size_t>(take_until(one, ' '), 10);
    if (place >= places)
      continue;
    auto& names = result.places[place];
    if (kind == "f") {
      names.function = printable(one, name_bytes_max);
    } else if (names.positions.size() < positions_max) {
      auto source = printable(take_until(one, '\t'), name_bytes_max);
      names.positions.push_back({printable(one, name_bytes_max), std::move(source)});
    }
  }
  return result;
}

} // namespace bulkhead::runtime
