#include "thumbnail_name.hpp"

#include <cstdint>
#include <cstdio>
#include <string_view>

#include <climits>

namespace thumbnails {

namespace {

constexpr std::string_view suffix = ".thumb.jpg";
constexpr size_t hash_digits = 16;

// FNV-1a: the same on every machine, unlike std::hash, so that a second run finds the file of the first.
uint64_t hash_of(std::string_view text) {
  uint64_t result = 0xCBF29CE484222325;
  for (unsigned char c : text)
    result = (result ^ c) * 0x100000001B3;
  return result;
}

} // namespace

std::string thumbnail_name(const std::filesystem::path& file) {
  auto name = file.filename().string();
  if (name.size() + suffix.size() > NAME_MAX) {
    char hash[hash_digits + 2];
    std::snprintf(hash, sizeof hash, "~%016llx", static_cast<unsigned long long>(hash_of(name)));
    auto kept = NAME_MAX - suffix.size() - hash_digits - 1;
    while (kept > 0 && (static_cast<unsigned char>(name[kept]) & 0xC0) == 0x80) // not amid a character of UTF-8
      --kept;
    name = name.substr(0, kept) + hash;
  }
  return (file.parent_path() / (name + std::string{suffix})).string();
}

} // namespace thumbnails
