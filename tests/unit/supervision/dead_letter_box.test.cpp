// Catches a dead letter that is lost too early, is kept for ever, keeps alive what it speaks of, or is without its evidence.
#include <catch2/catch.hpp>

#include <bulkhead/supervision/dead_letter_box.hpp>

#include <caf/all.hpp>

#include <string>

using namespace bulkhead;
using bulkhead::supervision::dead_letter_box;

namespace {

dead_letter letter(caf::message content, std::vector<uint32_t> incarnations = {1, 2}) {
  dead_letter result;
  result.content = std::move(content);
  result.types = "(something)";
  for (auto x : incarnations) {
    result.deaths.emplace_back();
    result.deaths.back().slot = 7;
    result.deaths.back().incarnation = x;
  }
  return result;
}

dead_letter letter(std::string text) {
  return letter(caf::make_message(std::move(text)));
}

std::vector<std::string> texts(const std::vector<dead_letter>& letters) {
  std::vector<std::string> result;
  for (auto& x : letters)
    result.push_back(x.content.match_elements<std::string>() ? x.content.get_as<std::string>(0) : "");
  return result;
}

using words = std::vector<std::string>;

} // namespace

TEST_CASE("dead letters are kept with their contents, in order, until they are taken") {
  dead_letter_box box{10, 1000};
  CHECK(box.all().empty());
  box.add(letter("a"));
  box.add(letter("b"));
  CHECK(texts(box.all()) == words{"a", "b"});
  CHECK(box.all().front().deaths.size() == 2);
  CHECK(texts(box.take()) == words{"a", "b"});
  CHECK(box.all().empty());
  box.add(letter("c"));
  CHECK(texts(box.all()) == words{"c"});
}

TEST_CASE("the oldest dead letters go when there are too many, or when they are too large together") {
  dead_letter_box few{2, 1000};
  for (auto text : {"a", "b", "c"})
    few.add(letter(text));
  CHECK(texts(few.all()) == words{"b", "c"});

  dead_letter_box small{100, 250};
  for (char c : {'a', 'b', 'c'})
    small.add(letter(std::string(100, c)));
  CHECK(texts(small.all()) == words{std::string(100, 'b'), std::string(100, 'c')});
  (void) small.take();
  small.add(letter(std::string(200, 'd')));
  CHECK(texts(small.all()) == words{std::string(200, 'd')});

  dead_letter_box none{0, 1000};
  none.add(letter("a"));
  CHECK(none.all().empty());
}

TEST_CASE("a dead letter that is larger than all may be is kept without its content, and costs no other one") {
  dead_letter_box box{10, 250};
  box.add(letter("a"));
  box.add(letter(std::string(1000, 'b')));
  auto announced = letter("c");
  announced.bytes = 251;
  box.add(announced);
  CHECK(texts(box.all()) == words{"a", "", ""});
  CHECK(box.all()[1].types == "(something)");
  CHECK(box.all()[1].deaths.size() == 2);
  CHECK(box.all()[2].bytes == 251);
}

TEST_CASE("a dead letter does not keep alive whom it speaks of") {
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  dead_letter_box box{10, 1000};
  {
    auto someone = sys.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int32_t) {}}; });
    auto about = letter(caf::make_message(std::string{"tell"}, someone));
    about.sender = about.receiver = someone.address();
    box.add(std::move(about));
  }
  sys.await_all_actors_done(); // it ends because nobody can reach it
  auto letters = box.all();
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].content.empty());
  CHECK(letters[0].types == "(something)");
}

TEST_CASE("a certificate goes with the letters whose last death it is about") {
  dead_letter_box box{10, 1000};
  box.add(letter(caf::make_message(1), {1, 2}));
  box.add(letter(caf::make_message(2), {2, 3}));
  box.add(letter(caf::make_message(3), {2}));
  box.add(letter(caf::make_message(4), {}));
  death_certificate what;
  what.death.slot = 7;
  what.death.incarnation = 2;
  what.meaning = "this one";
  box.note(what);
  what.death.slot = 8;
  what.meaning = "of another slot";
  box.note(what);
  auto letters = box.all();
  REQUIRE(letters.size() == 4);
  REQUIRE(letters[0].certificate);
  CHECK(letters[0].certificate->meaning == "this one");
  CHECK_FALSE(letters[1].certificate);
  REQUIRE(letters[2].certificate);
  CHECK(letters[2].certificate->meaning == "this one");
  CHECK_FALSE(letters[3].certificate);
}
