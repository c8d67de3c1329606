// A service in its versions: VERSION says which one, HABIT what is wrong with it, and PLACE where it can look and leave something.
#include "support/types.hpp"

#include <caf/all.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

std::string variable(const char* name) {
  auto value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool has(const std::string& habit) {
  return variable("HABIT") == habit;
}

// Only one of all processes is the first.
bool is_first() {
  return std::filesystem::create_directory(variable("PLACE"));
}

// Before the program says hello.
const bool started = [] {
  if (has("exits"))
    ::_exit(3);
  if (has("waits"))
    std::ifstream{variable("PLACE")}.get(); // a pipe that nobody writes to
  return true;
}();

// What a version has counted, and what a wide one has.
struct tally {
  int64_t count = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, tally& x) {
    return f.object(x).fields(f.field("count", x.count));
  }
};

struct wide_tally {
  int64_t count = 0;
  int64_t versions = 0;

  template <class Inspector>
  friend bool inspect(Inspector& f, wide_tally& x) {
    return f.object(x).fields(f.field("count", x.count), f.field("versions", x.versions));
  }
};

// A wide version knows what came before it, the others know nothing of wide ones.
wide_tally inherited(caf::event_based_actor* self, bool wide) {
  if (auto left = bulkhead::last_snapshot<wide_tally>(self); wide && left && *left)
    return **left;
  if (auto left = bulkhead::last_snapshot<tally>(self); left && *left)
    return {(*left)->count, 1};
  return {};
}

caf::error leave(caf::event_based_actor* self, const wide_tally& x, bool wide) {
  return wide ? bulkhead::snapshot(self, x) : bulkhead::snapshot(self, tally{x.count});
}

void hand_over(caf::event_based_actor* self, std::shared_ptr<wide_tally> x, bool wide) {
  (void) (wide ? bulkhead::on_handover(self, [x] { return *x; })
               : bulkhead::on_handover(self, [x] { return tally{x->count}; }));
}

caf::behavior versioned(caf::event_based_actor* self) {
  if (has("throws"))
    throw std::runtime_error{"not this version"};
  auto dies = has("dies") || has("wide, dies") || (has("second one dies") && !is_first());
  auto wide = has("wide") || has("wide, dies");
  auto state = std::make_shared<wide_tally>(inherited(self, wide));
  hand_over(self, state, wide);
  return {
    [=](caf::add_atom, int32_t x) {
      state->count += x;
      return static_cast<int32_t>(state->count);
    },
    [=](caf::add_atom, caf::ok_atom, int32_t x) {
      state->count += x;
      return leave(self, *state, wide) ? int32_t{-1} : static_cast<int32_t>(state->count);
    },
    [dies](caf::get_atom) {
      if (dies)
        ::raise(SIGKILL);
      return static_cast<int32_t>(std::stoi(variable("VERSION")));
    },
    [](caf::get_atom, caf::ok_atom) { return static_cast<int32_t>(::getpid()); },
    [](caf::put_atom, int32_t x) { return x; },
    [](caf::delete_atom) { ::raise(SIGKILL); },
    [](caf::tick_atom, const std::string& pipe) {
      std::ifstream{pipe}.get();
      return static_cast<int32_t>(::getpid());
    },
    [self, promises = std::vector<caf::typed_response_promise<int32_t>>{}](caf::open_atom) mutable {
      promises.push_back(self->make_response_promise<int32_t>()); // never kept
      return promises.back();
    },
    [self](caf::close_atom) { self->quit(caf::sec::runtime_error); },
  };
}

} // namespace

void caf_main(caf::actor_system&) {
  // nop
}

BULKHEAD_MAIN(caf::id_block::test, bulkhead::heavy<"versioned", versioned>)
