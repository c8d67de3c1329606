#include "contact_sheet.hpp"

#include "write_file.hpp"

#include <cstdio>
#include <sstream>
#include <utility>

namespace thumbnails {

namespace {

constexpr std::string_view head = R"(<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Thumbnails</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 75rem; }
  h1 { font-size: 1.4rem; margin-bottom: 0; }
  main { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; margin-top: 1.5rem; }
  article { border: 1px solid #8884; border-radius: 6px; padding: .7rem; overflow-wrap: anywhere; }
  article.dead { grid-column: 1 / -1; border-left: 4px solid #c33; }
  article.failed { border-left: 4px solid #c80; }
  img { display: block; max-width: 100%; margin: 0 auto .6rem; }
  h2 { font-size: 1rem; margin: 0; }
  p { margin: .2rem 0 0; font-size: .9rem; }
  pre { overflow-x: auto; font-size: .85rem; margin-bottom: 0; }
  summary { cursor: pointer; margin-top: .4rem; }
</style>
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (auto c : text)
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    case '\'':
      result += "&#39;";
      break;
    default:
      result += c;
    }
  return result;
}

// As part of a relative URL, whatever bytes the name has.
std::string percent_encoded(std::string_view path) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string result;
  for (auto c : path) {
    if (plain.find(c) != plain.npos) {
      result += c;
      continue;
    }
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    result += code;
  }
  return result;
}

void write_entry(std::ostream& out, const batch_entry& x) {
  auto name = escaped(shown_name(x.line.file));
  out << "<article class=\"" << (x.death ? "dead" : x.thumbnail.empty() ? "failed" : "ok") << "\">\n";
  if (!x.thumbnail.empty())
    out << "<img src=\"./" << percent_encoded(x.thumbnail) << "\" alt=\"" << name << "\">\n";
  out << "<h2>" << name << "</h2>\n<p>" << escaped(x.result) << (x.detail.empty() ? "" : ": ") << escaped(x.detail)
      << "</p>\n";
  if (x.death) {
    if (auto site = crash_site(*x.death); !site.empty())
      out << "<p>in <code>" << escaped(site) << "</code></p>\n";
    out << "<details><summary>certificate of worker " << x.death->death.slot << '.' << x.death->death.incarnation
        << "</summary><pre>" << escaped(describe(*x.death)) << "</pre></details>\n";
  }
  out << "</article>\n";
}

} // namespace

std::string shown_name(std::string_view file) {
  return bulkhead::printable(file, file.size());
}

std::error_code write_contact_sheet(const std::string& path, std::string_view summary,
                                    const std::vector<batch_entry>& entries) {
  std::ostringstream out;
  out << head << "<h1>Thumbnails</h1>\n<p>" << escaped(summary) << "</p>\n<main>\n";
  for (auto& x : entries)
    write_entry(out, x);
  out << "</main>\n</html>\n";
  return write_file(path, std::move(out).str());
}

} // namespace thumbnails
