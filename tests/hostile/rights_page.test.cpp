#include <catch2/catch.hpp>

#include <bulkhead/runtime/authority.hpp>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

using bulkhead::runtime::authority;

TEST_CASE("the table of rights in the documents is that of the code") {
  std::ifstream file{BULKHEAD_PROTOCOL_PAGE};
  REQUIRE(file);
  std::set<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.insert(line);
  using source = authority::source_rule;
  using target = authority::target_rule;
  const std::map<source, std::string> sources{{source::none, ""},
                                              {source::own, "own actors"},
                                              {source::own_or_anonymous, "own actors, none"},
                                              {source::speaker, "own actors, none, who sent what is passed on"},
                                              {source::own_or_root, "own actors, own roots"}};
  const std::map<target, std::string> targets{
    {target::none, ""}, {target::reached, "own actors, handles given"}, {target::root, "own roots"}};
  for (auto& x : authority::all_rights) {
    std::ostringstream row;
    row << "| " << static_cast<uint16_t>(x.kind) << " " << x.name << " | ";
    if (x.from_worker)
      row << "yes | " << sources.at(x.source) << " | " << targets.at(x.target) << " |";
    else
      row << "no | | |";
    std::string text = row.str();
    for (size_t at; (at = text.find("|  |")) != std::string::npos;)
      text.replace(at, 4, "| |");
    INFO(text);
    CHECK(lines.contains(text));
  }
}
