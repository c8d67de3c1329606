// Shows how a request to a heavy actor can end: with an answer, with an error that the actor chose, or with a timeout.
// The handle is a typed one: what may be sent is checked at compile time, that the actor really is one at its spawn.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>

using namespace std::chrono_literals;

using divider = caf::typed_actor<caf::result<int32_t>(caf::div_atom, int32_t, int32_t), // x / y
                                 caf::result<int32_t>(caf::wait_for_atom)>;             // never answers
using adder = caf::typed_actor<caf::result<int32_t>(caf::add_atom, int32_t, int32_t)>;

struct divider_state {
  std::vector<caf::typed_response_promise<int32_t>> open;
};

divider::behavior_type make_divider(divider::stateful_pointer<divider_state> self) {
  return {
    [](caf::div_atom, int32_t x, int32_t y) -> caf::result<int32_t> {
      if (y == 0)
        return caf::make_error(caf::sec::invalid_argument, "division by zero");
      return x / y;
    },
    [self](caf::wait_for_atom) {
      // A promise is answered later, by whoever holds it.
      return self->state.open.emplace_back(self->make_response_promise<int32_t>());
    },
  };
}

int caf_main(caf::actor_system& sys) {
  auto host = bulkhead::host::of(sys);
  auto hdl = host.spawn<divider>("divider");
  if (!hdl) {
    std::cerr << "cannot spawn the divider: " << to_string(hdl.error()) << '\n';
    return 1;
  }

  caf::scoped_actor self{sys};
  auto answered = [](int32_t number) { std::cout << number << '\n'; };
  auto failed = [](const caf::error& reason) { std::cout << to_string(reason) << '\n'; };
  std::cout << "84 / 2: ";
  self->request(*hdl, 10s, caf::div_atom_v, 84, 2).receive(answered, failed);
  std::cout << "84 / 0: ";
  self->request(*hdl, 10s, caf::div_atom_v, 84, 0).receive(answered, failed);
  std::cout << "nothing within 50 ms: ";
  self->request(*hdl, 50ms, caf::wait_for_atom_v).receive(answered, failed);
  std::cout << "and 84 / 4 after that: ";
  self->request(*hdl, 10s, caf::div_atom_v, 84, 4).receive(answered, failed);

  std::cout << "as something that it is not: ";
  if (auto wrong = host.spawn<adder>("divider"); !wrong)
    std::cout << to_string(wrong.error()) << '\n';
  return 0;
}

BULKHEAD_MAIN(bulkhead::heavy<"divider", make_divider>)
