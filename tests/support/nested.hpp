#pragma once

// Bytes that say that something is nested deeper than any honest sender would: what stands in a message record after its envelope.

#include "support/types.hpp"

#include <bulkhead/transport/codec.hpp>

#include <caf/byte_buffer.hpp>
#include <caf/config_value.hpp>
#include <caf/type_id.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace test_support {

inline void append(caf::byte_buffer& to, std::initializer_list<unsigned> octets) {
  for (auto x : octets)
    to.push_back(static_cast<caf::byte>(x));
}

/// One element of the type `id` begins.
inline void append_types(caf::byte_buffer& to, caf::type_id_t id) {
  append(to, {1, static_cast<unsigned>(id) >> 8, static_cast<unsigned>(id) & 0xff});
}

inline caf::byte_buffer nested_messages(size_t depth) {
  caf::byte_buffer result;
  for (size_t i = 0; i < depth; ++i)
    append_types(result, caf::type_id_v<caf::message>);
  append(result, {0});
  return result;
}

/// An error whose context is an error, and so on.
inline caf::byte_buffer nested_reason(size_t depth) {
  caf::byte_buffer result;
  for (size_t i = 0; i < depth; ++i) {
    auto category = static_cast<unsigned>(caf::type_id_v<caf::sec>);
    append(result, {1, 1, category >> 8, category & 0xff});
    append_types(result, caf::type_id_v<caf::error>);
  }
  append(result, {0});
  return result;
}

inline caf::byte_buffer nested_errors(size_t depth) {
  caf::byte_buffer result;
  append_types(result, caf::type_id_v<caf::error>);
  auto reason = nested_reason(depth);
  result.insert(result.end(), reason.begin(), reason.end());
  return result;
}

/// Places among the alternatives of a config_value.
constexpr unsigned boolean = 2;
constexpr unsigned list = 7;
constexpr unsigned dictionary = 8;

/// Lists of lists of configuration.
inline caf::byte_buffer nested_settings(size_t depth) {
  caf::byte_buffer result;
  append_types(result, caf::type_id_v<caf::config_value>);
  for (size_t i = 0; i < depth; ++i)
    append(result, {list, 1});
  append(result, {boolean, 1});
  return result;
}

inline caf::byte_buffer nested_dictionaries(size_t depth) {
  caf::byte_buffer result;
  append_types(result, caf::type_id_v<caf::config_value>);
  for (size_t i = 0; i < depth; ++i)
    append(result, {dictionary, 1, 1, 'k'});
  append(result, {boolean, 1});
  return result;
}

inline caf::byte_buffer nested_trees(size_t depth) {
  caf::byte_buffer result;
  append_types(result, caf::type_id_v<tree>);
  for (size_t i = 0; i < depth; ++i)
    append(result, {0, 0, 0, 1, 1});
  append(result, {0, 0, 0, 1, 0});
  return result;
}

inline caf::byte_buffer long_chain(size_t depth) {
  caf::byte_buffer result;
  append_types(result, caf::type_id_v<chain>);
  result.resize(result.size() + depth, caf::byte{1});
  append(result, {0});
  return result;
}

/// A vector with 2^32 - 1 elements that need no byte.
inline caf::byte_buffer countless_nothings() {
  caf::byte_buffer result;
  append_types(result, caf::type_id_v<std::vector<nothing>>);
  append(result, {0xff, 0xff, 0xff, 0xff, 0x0f});
  return result;
}

/// An error whose code is said to be of the type `id`.
inline caf::byte_buffer reason_with_category(caf::type_id_t id) {
  caf::byte_buffer result;
  append(result, {1, 1, static_cast<unsigned>(id) >> 8, static_cast<unsigned>(id) & 0xff, 0});
  return result;
}

inline caf::byte_buffer error_with_category(caf::type_id_t id) {
  caf::byte_buffer result;
  append_types(result, caf::type_id_v<caf::error>);
  auto reason = reason_with_category(id);
  result.insert(result.end(), reason.begin(), reason.end());
  return result;
}

} // namespace test_support
