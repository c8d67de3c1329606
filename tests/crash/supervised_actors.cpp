#include "supervised_actors.hpp"

#include <bulkhead/supervision.hpp>

#include "support/stage.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace crash {

namespace {

/// What a clerk writes. A kill cuts a write where a page ends, so none may lie across.
struct record {
  int32_t sender = 0;
  int32_t number = 0;
};

static_assert(4096 % sizeof(record) == 0);

void note(int file, int32_t sender, int32_t number) {
  record what{sender, number};
  (void) !::write(file, &what, sizeof(what));
}

// Over what the host will read after the death of this process. The pattern -1 stands for random words.
void scribble(int32_t pattern) {
  std::ifstream maps{"/proc/self/maps"};
  std::mt19937 random{4711};
  for (std::string line; std::getline(maps, line);) {
    if (line.find("bulkhead-states") == line.npos)
      continue;
    auto dash = line.find('-');
    auto first = reinterpret_cast<uint32_t*>(std::stoull(line.substr(0, dash), nullptr, 16));
    auto last = reinterpret_cast<uint32_t*>(std::stoull(line.substr(dash + 1), nullptr, 16));
    std::generate(first, last,
                  [&] { return pattern == -1 ? static_cast<uint32_t>(random()) : static_cast<uint32_t>(pattern); });
  }
  ::raise(SIGKILL);
}

caf::behavior clerk(caf::event_based_actor* self, const std::string& path) {
  auto file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    throw std::runtime_error("no diary");
  auto promises = std::make_shared<std::vector<caf::typed_response_promise<int32_t>>>();
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [file](caf::put_atom, int32_t sender, int32_t number) {
      note(file, sender, number);
      return number;
    },
    [file](caf::add_atom, int32_t sender, int32_t number) { note(file, sender, number); },
    [self, file](caf::tick_atom, const std::string& gate) {
      note(file, 0, 0);
      test_support::gate::wait_for(gate);
      return static_cast<int32_t>(bulkhead::attempt(self));
    },
    [self](caf::delete_atom, int32_t times) {
      auto attempt = static_cast<int32_t>(bulkhead::attempt(self));
      if (attempt <= times)
        ::raise(SIGKILL);
      return attempt;
    },
    [](caf::delete_atom, const std::string&) { ::raise(SIGKILL); },
    [](const bulkhead::bytes& content) { return static_cast<int32_t>(content.size()); },
    [self](caf::link_atom, const caf::actor& other) { self->send(other, caf::actor_cast<caf::actor>(self)); },
    [path](caf::publish_atom, int32_t pattern) {
      // Once: it may look as if nobody had begun with this message.
      if (std::filesystem::create_directory(path + std::to_string(pattern)))
        scribble(pattern);
    },
    [self, promises](caf::open_atom) {
      promises->push_back(self->make_response_promise<int32_t>());
      return promises->back();
    },
    [self](caf::close_atom) { self->quit(); },
    [](caf::close_atom, int32_t) { throw std::runtime_error("no clerk any more"); },
    [self](caf::close_atom, const std::string&) { self->quit(caf::make_error(caf::sec::runtime_error)); },
  };
}

// Asks the clerk as often as it is told, and answers with the number of answers.
caf::behavior passer(caf::event_based_actor* self, const caf::actor& clerk) {
  return {
    [self, clerk](int32_t count) {
      auto promise = self->make_response_promise<int32_t>();
      auto answers = std::make_shared<int32_t>(0);
      for (int32_t i = 0; i < count; ++i)
        self->request(clerk, caf::infinite, caf::put_atom_v, int32_t{1}, i)
          .then(
            [=](int32_t) mutable {
              if (++*answers == count)
                promise.deliver(count);
            },
            [=](caf::error& why) mutable { promise.deliver(std::move(why)); });
      return promise;
    },
  };
}

const test_support::known_actor passer_known{bulkhead::heavy<"passer", passer>::add_to};
const test_support::known_actor clerk_known{bulkhead::heavy<"clerk", clerk>::add_to};

} // namespace

void note_into(const std::string& path, int32_t sender, int32_t number) {
  auto file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  note(file, sender, number);
  ::close(file);
}

diary::diary() {
  std::string name = (std::filesystem::temp_directory_path() / "bulkhead-diary-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("no folder for a diary");
  folder_ = name;
}

diary::~diary() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string diary::path() const {
  return (folder_ / "diary").string();
}

std::map<int32_t, std::vector<int32_t>> diary::entries() const {
  std::map<int32_t, std::vector<int32_t>> result;
  std::ifstream in{path(), std::ios::binary};
  for (record next; in.read(reinterpret_cast<char*>(&next), sizeof(next));)
    result[next.sender].push_back(next.number);
  return result;
}

bool diary::wait_for(size_t count) const {
  return test_support::eventually([&] {
    size_t found = 0;
    for (auto& [sender, numbers] : entries())
      found += numbers.size();
    return found >= count;
  });
}

event_log::event_log(test_support::host_fixture& where) {
  listener_ = where.sys.spawn([where = list_](caf::event_based_actor* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    return {
      [where](const bulkhead::supervision_event& what) {
        std::lock_guard guard{where->mutex};
        where->events.push_back(what);
      },
    };
  });
  where.host.subscribe(listener_);
}

event_log::~event_log() {
  caf::anon_send_exit(listener_, caf::exit_reason::user_shutdown);
}

std::vector<bulkhead::supervision_event> event_log::all() const {
  std::lock_guard guard{list_->mutex};
  return list_->events;
}

size_t event_log::count(bulkhead::supervision_incident what) const {
  auto events = all();
  return static_cast<size_t>(std::count_if(events.begin(), events.end(), [&](auto& x) { return x.what == what; }));
}

bulkhead::worker_options supervised(bulkhead::in_doubt interrupted) {
  bulkhead::worker_options result;
  result.restart.when = bulkhead::restart_when::on_crash;
  result.restart.restarts_max = 1000;
  result.restart.backoff_min = result.restart.backoff_max = std::chrono::milliseconds{0};
  result.restart.interrupted = interrupted;
  return result;
}

caf::actor spawn_clerk(test_support::host_fixture& where, const bulkhead::worker_options& options, const diary& book) {
  auto result = where.host.spawn("clerk", options, book.path());
  if (!result)
    throw std::runtime_error("cannot spawn a clerk: " + to_string(result.error()));
  return std::move(*result);
}

} // namespace crash
