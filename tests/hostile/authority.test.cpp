#include <catch2/catch.hpp>

#include "crash/actors.hpp"

#include <bulkhead/runtime/authority.hpp>
#include <bulkhead/executor.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace crash;
using bulkhead::death_cause;
using bulkhead::worker_options;
using bulkhead::runtime::authority;
using bulkhead::transport::record_kind;
using test_support::eventually;
using test_support::host_fixture;

namespace {

using claims = std::vector<std::string>;

/// A light actor that lives as long as the system does, whatever exits it gets; a number is answered with the next one.
caf::behavior steady(caf::event_based_actor* self) {
  self->set_exit_handler([](caf::exit_msg&) {});
  self->set_default_handler(caf::drop);
  return {[](caf::get_atom, const caf::actor&) { return int32_t{1}; }, [](int32_t x) { return x + 1; }};
}

caf::behavior short_lived(caf::event_based_actor* self) {
  return {[self](caf::tick_atom) { self->quit(); }};
}

/// Who there is to be named by a worker that lies: an actor that it was given, and all that are not its business.
class scene {
public:
  scene() : stranger_(f.sys.spawn(steady)), given_(f.sys.spawn(steady)), ended_(f.sys.spawn(short_lived)) {
    f.sys.registry().put(stranger_.id(), caf::actor_cast<caf::strong_actor_ptr>(stranger_));
    names_["ended"] = name_of(0, ended_);
    caf::anon_send(ended_, caf::tick_atom_v);
    ended_ = nullptr;
    auto bystander = f.host.spawn("victim"); // its process has number 1
    REQUIRE(bystander);
    bystander_ = *bystander;
    auto made = request<caf::actor>(f.sys, bystander_, caf::make_message(caf::spawn_atom_v));
    REQUIRE(made);
    beside_ = *made;
    names_["given"] = name_of(0, given_);
    names_["stranger"] = name_of(0, stranger_);
    names_["strange root"] = name_of(0, bystander_);
    names_["strange worker's"] = name_of(1, beside_);
    names_["unknown"] = "1000:77777";
    for (auto own : {"own", "root", "asker", "nobody"})
      names_[own] = own;
  }

  // A worker that says nothing more may hold the handle of an actor for ever.
  ~scene() {
    f.sys.registry().erase(stranger_.id());
    for (auto& x : {given_, stranger_})
      caf::anon_send_exit(x, caf::exit_reason::kill);
  }

  scene(const scene&) = delete;
  scene& operator=(const scene&) = delete;

  caf::actor spawn(const std::string& habit, const claims& arguments) {
    worker_options options;
    options.program = child_program("hostile");
    options.arguments = {habit};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    auto hostile = f.host.spawn("victim", options);
    REQUIRE(hostile);
    return *hostile;
  }

  /// What the worker answers.
  caf::expected<int32_t> ask(const caf::actor& hostile) {
    return request_number(f.sys, hostile, caf::make_message(caf::get_atom_v, given_));
  }

  /// What the worker with this habit answers to the message that provokes it.
  caf::expected<int32_t> outcome_of(const std::string& habit, const claims& arguments) {
    return ask(spawn(habit, arguments));
  }

  /// Sends one record. The body is what belongs into a record of its kind, unless `body` says more.
  caf::expected<int32_t> record(record_kind kind, const std::string& source, const std::string& target,
                                const std::string& word, const std::string& body = "plain") {
    auto colon = body.find('=');
    auto full = colon == std::string::npos ? body : body.substr(0, colon + 1) + name(body.substr(colon + 1));
    auto number = std::to_string(static_cast<uint16_t>(kind));
    return outcome_of("it sends records", {number, name(source), name(target), name(word), full});
  }

  /// Nobody else has noticed anything.
  void check_others() {
    CHECK(answers(f.sys, bystander_));
    CHECK(answers(f.sys, beside_));
    for (auto& x : {given_, stranger_}) {
      auto answer = request_number(f.sys, x, caf::make_message(int32_t{6}));
      CHECK((answer && *answer == 7));
    }
  }

  [[nodiscard]] const caf::actor& given() const {
    return given_;
  }

  [[nodiscard]] std::string name(const std::string& who) const {
    auto i = names_.find(who);
    return i != names_.end() ? i->second : who;
  }

  host_fixture f;

private:
  static std::string name_of(int process, const caf::actor& who) {
    return std::to_string(process) + ":" + std::to_string(who.id());
  }

  // In this order: whoever tries all numbers meets the stranger first.
  caf::actor stranger_;
  caf::actor given_;
  caf::actor ended_;
  caf::actor bystander_;
  caf::actor beside_;
  std::map<std::string, std::string> names_;
};

const claims everybody{"own",   "root",   "nobody", "given", "stranger", "strange root", "strange worker's",
                       "ended", "unknown"};

/// What one kind of record may claim; all else is a lie.
struct row {
  record_kind kind;
  std::string word;
  std::set<std::string> sources;
  std::set<std::string> targets;
  /// With which the other field is tried.
  std::string good_source = "own";
  std::string good_target = "given";
};

const std::set<std::string> all_of_them{everybody.begin(), everybody.end()};
const std::set<std::string> reached{"own", "root", "nobody", "given", "ended", "unknown"};

const row rows[] = {
  {record_kind::message, "oneway", {"own", "root", "nobody", "ended", "unknown"}, reached},
  {record_kind::message, "request", {"own", "nobody"}, reached},
  {record_kind::message, "asked", {"own", "nobody", "asker"}, reached},
  {record_kind::message, "response", {"own", "nobody"}, all_of_them},
  {record_kind::watch, "0", all_of_them, reached},
  {record_kind::down, "0", {"own", "root", "nobody", "ended"}, all_of_them},
  {record_kind::release, "0", all_of_them, all_of_them},
  {record_kind::link, "0", {"own"}, reached},
  {record_kind::unlink, "0", {"own"}, reached},
  {record_kind::exit, "0", {"own", "nobody"}, reached},
  {record_kind::spawned, "0", all_of_them, {"own", "root", "nobody", "ended", "unknown"}, "own", "root"},
  {record_kind::snapshot, "root", {"own"}, all_of_them},
  {record_kind::lapse, "request", {"own"}, all_of_them},
};

/// Reports a failure if the worker is not condemned for it, or is although it may.
void check_outcome(const caf::expected<int32_t>& answer, bool may) {
  if (may) {
    CHECK((answer && (*answer == 1 || *answer == 667))); // its own answer, or that of whom it passed the request on to
    return;
  }
  REQUIRE_FALSE(answer);
  auto death = certificate(answer.error());
  CHECK(death.cause == death_cause::corrupt);
  CHECK_FALSE(death.detail.empty());
}

} // namespace

TEST_CASE("a worker speaks for its own actors only, and for who sent what it passes on") {
  leftovers before;
  {
    scene x;
    for (auto& row : rows) {
      auto sources = everybody;
      sources.push_back("asker");
      for (auto& source : sources) {
        INFO(authority::rights_of(row.kind).name << " (" << row.word << ") from " << source);
        auto may = row.sources.contains(source) || (source == "asker" && row.sources.contains("given"));
        check_outcome(x.record(row.kind, source, row.good_target, row.word), may);
      }
    }
    x.check_others();
  }
  before.check();
}

TEST_CASE("a worker reaches its own actors only, and those whose handles it has") {
  leftovers before;
  {
    scene x;
    for (auto& row : rows)
      for (auto& target : everybody) {
        // To end its own actor is its right, and then that answers nothing.
        if (row.kind == record_kind::exit && (target == "own" || target == "root"))
          continue;
        // A root is always a name of the host's, and some actor there may have this number.
        if (row.kind == record_kind::spawned && target == "strange worker's")
          continue;
        INFO(authority::rights_of(row.kind).name << " (" << row.word << ") to " << target);
        check_outcome(x.record(row.kind, row.good_source, target, row.word), row.targets.contains(target));
      }
    x.check_others();
  }
  before.check();
}

TEST_CASE("a worker cannot say what only the host says") {
  scene x;
  for (auto& rights : authority::all_rights)
    if (!rights.from_worker) {
      INFO(rights.name);
      check_outcome(x.record(rights.kind, "own", "root", "0"), false);
    }
  x.check_others();
}

TEST_CASE("a worker says once which actor a root is, and keeps states of its own roots") {
  scene x;
  check_outcome(x.record(record_kind::rooted, "own", "root", "0"), false);
  for (auto who : {"given", "stranger", "strange root"}) {
    INFO(who);
    check_outcome(x.record(record_kind::rooted, "own", who, "0"), false);
    check_outcome(x.record(record_kind::snapshot, "own", "nobody", who), false);
  }
  check_outcome(x.record(record_kind::rooted, "own", "ended", "0"), true);
  check_outcome(x.record(record_kind::snapshot, "own", "nobody", "ended"), true);
  x.check_others();
}

TEST_CASE("a message from a worker gives nobody a handle that it was not given") {
  scene x;
  const std::set<std::string> may{"own", "root", "given", "ended", "unknown", "nobody"};
  for (auto& whose : everybody) {
    INFO(whose);
    check_outcome(x.record(record_kind::message, "own", "given", "oneway", "handle=" + whose), may.contains(whose));
    if (!may.contains(whose)) // else it is just not the answer that is expected
      check_outcome(x.record(record_kind::message, "own", "asker", "response", "handle=" + whose), false);
  }
  x.check_others();
}

TEST_CASE("a message from a worker tells the end of its own actors only") {
  scene x;
  const std::set<std::string> may{"own", "root", "ended", "nobody"};
  for (auto& whose : everybody) {
    INFO(whose);
    check_outcome(x.record(record_kind::message, "own", "given", "oneway", "down=" + whose), may.contains(whose));
    check_outcome(x.record(record_kind::message, "own", "given", "oneway", "exit=" + whose), false);
  }
  x.check_others();
}

TEST_CASE("a message from a worker goes into none of CAF's own queues") {
  scene x;
  check_outcome(x.record(record_kind::message, "own", "given", "stream"), false);
  x.check_others();
}

TEST_CASE("reasons and states from a worker hold no handles") {
  scene x;
  for (auto kind : {record_kind::down, record_kind::exit, record_kind::spawned, record_kind::snapshot}) {
    INFO(authority::rights_of(kind).name);
    auto target = kind == record_kind::spawned ? "root" : "given";
    check_outcome(x.record(kind, "own", target, "root", "bare handle=given"), false);
  }
  x.check_others();
}

TEST_CASE("a worker passes a request on for as long as it is open") {
  scene x;
  auto kind = std::to_string(static_cast<uint16_t>(record_kind::message));
  claims once{kind, "asker", x.name("given"), "asked", "plain"};
  auto twice = once;
  twice.insert(twice.end(), once.begin(), once.end());
  for (auto& records : {once, twice}) { // to several receivers, if it likes
    auto worker = x.spawn("it sends records", records);
    auto answer = x.ask(worker);
    CHECK((answer && *answer == 667)); // of the actor to which it was passed on
    answer = x.ask(worker);
    CHECK((answer && *answer == 1)); // it lives
  }
  x.check_others();
}

TEST_CASE("a worker that has given a handle back does not reach its actor any more") {
  scene x;
  auto other_holder = x.f.host.spawn("relay"); // else the host itself would not find the actor
  REQUIRE(other_holder);
  caf::anon_send(*other_holder, caf::update_atom_v, x.given(), int32_t{1});
  REQUIRE(request_number(x.f.sys, *other_holder, caf::make_message(int32_t{1})));
  auto record = [&](record_kind kind, const std::string& source, const std::string& word) {
    return claims{std::to_string(static_cast<uint16_t>(kind)), source, x.name("given"), word, "plain"};
  };
  auto before = record(record_kind::message, "own", "oneway");
  auto release = record(record_kind::release, "0:1000000", "request"); // it has read more than there was
  check_outcome(x.outcome_of("it sends records", before), true);
  for (auto& next : {before, record(record_kind::exit, "own", "0"), record(record_kind::watch, "own", "0")}) {
    auto all = before;
    all.insert(all.end(), release.begin(), release.end());
    all.insert(all.end(), next.begin(), next.end());
    check_outcome(x.outcome_of("it sends records", all), false);
  }
  x.check_others();
}

TEST_CASE("an answer reaches who waits for it, whatever priority a worker gives it") {
  scene x;
  auto answer = x.record(record_kind::message, "own", "asker", "urgent response");
  CHECK((answer && *answer == 666));
}

TEST_CASE("a worker that asks in the name of others gets them no answer") {
  leftovers before;
  {
    std::atomic<int32_t> got = 0;
    scene x;
    auto& sys = x.f.sys;
    // One asks a worker that takes its time; the hostile one sends the same request to somebody who answers at once.
    auto slow = x.f.host.spawn("relay");
    REQUIRE(slow);
    auto asker = sys.spawn([&](caf::event_based_actor* self) -> caf::behavior {
      return {[&got, self](caf::get_atom, const caf::actor& whom) {
        self->request(whom, test_support::patience, caf::put_atom_v, int32_t{6})
          .then([&got](int32_t y) { got = y; }, [&got](const caf::error&) { got = -1; });
      }};
    });
    caf::anon_send(asker, caf::get_atom_v, *slow);
    auto name = "0:" + std::to_string(asker.id());
    check_outcome(x.outcome_of("it asks in the name of others", {x.name("given"), name}), false);
    CHECK(got == 0);
    caf::anon_send(*slow, caf::ok_atom_v);
    CHECK(eventually([&] { return got != 0; }));
    CHECK(got == 7);
    x.check_others();
    caf::anon_send_exit(asker, caf::exit_reason::user_shutdown);
  }
  before.check();
}

TEST_CASE("a worker that kills everybody kills itself only") {
  leftovers before;
  {
    scene x;
    check_outcome(x.outcome_of("it kills everybody", {}), false);
    x.check_others();
  }
  before.check();
}

TEST_CASE("a worker that answers everybody's tasks changes no result") {
  leftovers before;
  {
    scene x;
    bulkhead::executor pool{x.f.sys, {.workers_max = 1}};
    auto task = pool.submit([](int32_t y) { return y + 1; }, int32_t{1});
    check_outcome(x.outcome_of("it answers everybody's tasks", {}), false);
    auto result = task.get();
    CHECK((result && *result == 2));
    x.check_others();
  }
  before.check();
}
