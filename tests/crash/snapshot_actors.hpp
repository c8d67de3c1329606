#pragma once

#include "supervised_actors.hpp"

#include "support/stage.hpp"

#include <cstdint>
#include <string>

namespace crash {

// The heavy actor of these tests, "rememberer", has a sum, which it begins with what its predecessor has left.
//   get_atom: pid; (get_atom, int32_t): the sum that its predecessor left, -1 if none; (add_atom, x): adds x, leaves the sum,
//   then answers with it; (put_atom, x): adds x and answers with the sum; (put_atom, x, y): leaves x, then x + 1 and so on to y;
//   (delete_atom, x): leaves x and dies of SIGKILL; (put_atom, uint64_t n): leaves so many bytes, each the lower half of the sum,
//   and answers with the error; (get_atom, uint64_t n): such bytes that its predecessor left: their number, or -1 if they are a
//   mixture; (get_atom, string): the error of a snapshot that is read as a string; (delete_atom, string): leaves garbage, and
//   dies; spawn_atom: what another actor of its process is told that tries all three; (tick_atom, path): sends itself a message,
//   in whose handler it makes that folder, waits until its process is to stand still, and adds 1; open_atom: a promise that
//   (close_atom, x) keeps, with x; reset_atom: makes a sum of 0 the pid, leaves the sum and answers with it (link_atom, path):
//   survives exit messages, and its next handover makes a folder at the path with ".begun", and waits at the gate
// Its argument says what it hands over: 0 nothing, 1 the sum, 2 it throws, 3 it hangs, 4 it dies, 5 what cannot be read.
// "detached rememberer" has a thread of its own; "remembering class" is a class with the same argument, which knows get_atom,
// (get_atom, int32_t) and (put_atom, x); "doomed" throws if its predecessor has left anything, and leaves something then.

caf::actor spawn_rememberer(test_support::host_fixture& where, const bulkhead::worker_options& options, int32_t habit,
                            const char* name = "rememberer");

int process_of(caf::scoped_actor& self, const caf::actor& who);

/// Kills the process of `who`, and returns when another one answers.
void replace_by_death(caf::scoped_actor& self, const caf::actor& who);

} // namespace crash
