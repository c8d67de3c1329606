// Shows state that processes share on purpose: terms that the host publishes and workers read when they like, a table of
// prices that all see, a counter to which all add, and the progress of a worker that the host reads without asking it.
#include <bulkhead/bulkhead.hpp>

#include <caf/all.hpp>

#include <iostream>
#include <string>
#include <vector>

struct terms {
  int32_t pieces;
  int32_t discount; // percent
};

struct progress {
  int32_t done;
  int32_t of;
};

CAF_BEGIN_TYPE_ID_BLOCK(shop, first_custom_type_id)
  CAF_ADD_TYPE_ID(shop, (bulkhead::shared_value<terms>) )
  CAF_ADD_TYPE_ID(shop, (bulkhead::shared_value<progress>) )
CAF_END_TYPE_ID_BLOCK(shop)

struct clerk_state {
  bulkhead::shared_value_writer<progress> done;
};

// Sells as many pieces as the terms say at the moment.
caf::behavior clerk(caf::stateful_actor<clerk_state>* self, bulkhead::shared_value<terms> rules,
                    bulkhead::shared_map prices, bulkhead::shared_counter income) {
  if (auto made = bulkhead::shared_value_writer<progress>::make(self->system()))
    self->state.done = std::move(*made);
  else
    self->quit(made.error());
  return {
    [self](caf::get_atom) { return self->state.done.share(); },
    [=](caf::put_atom, const std::string& what) {
      auto price = std::stoi(std::string{prices.get_or(what, "0")});
      auto now = rules.load();
      for (int32_t i = 1; i <= now.pieces; ++i) {
        income.add(price * (100 - now.discount) / 100);
        self->state.done.store({i, now.pieces});
      }
    },
  };
}

int caf_main(caf::actor_system& sys) {
  auto failed = [](const caf::error& reason) { std::cout << to_string(reason) << '\n'; };
  auto rules = bulkhead::shared_value_writer<terms>::make(sys, {10, 0});
  auto prices = bulkhead::shared_map::make({{"apple", "30"}, {"pear", "50"}});
  auto income = bulkhead::shared_counter::make();
  if (!rules || !prices || !income) {
    std::cerr << "the machine has no memory to share\n";
    return 1;
  }
  std::vector<caf::actor> clerks;
  for (int i = 0; i < 2; ++i) {
    auto hdl = bulkhead::host::of(sys).spawn("clerk", rules->share(), *prices, *income);
    if (!hdl) {
      std::cerr << "cannot spawn a clerk: " << to_string(hdl.error()) << '\n';
      return 1;
    }
    clerks.push_back(*hdl);
  }
  caf::scoped_actor self{sys};
  auto sell = [&](const std::string& what) {
    for (auto& x : clerks)
      self->request(x, caf::infinite, caf::put_atom_v, what).receive([] {}, failed);
  };

  sell("apple");
  std::cout << "both sold 10 apples: " << income->load() << '\n';

  rules->update([](terms& x) { x.discount = 20; }); // no message: the workers read it when they sell
  sell("pear");
  std::cout << "and 10 pears with discount: " << income->load() << '\n';

  bulkhead::shared_value<progress> done;
  self->request(clerks[0], caf::infinite, caf::get_atom_v)
    .receive([&](const bulkhead::shared_value<progress>& x) { done = x; }, failed);
  auto before = done.version();
  self->send(clerks[0], caf::put_atom_v, "apple");
  done.when_changed(self.ptr(), before).receive([](uint64_t) { std::cout << "a clerk goes on\n"; }, failed);
  self->request(clerks[0], caf::infinite, caf::get_atom_v)
    .receive([](const bulkhead::shared_value<progress>&) {}, failed); // it has sold all by now

  self->monitor(clerks[0]);
  clerks.clear();
  self->receive([](const caf::down_msg&) {});
  std::cout << "a clerk that has gone had done " << done.load().done << " of " << done.load().of << '\n';
  return 0;
}

BULKHEAD_MAIN(caf::id_block::shop, bulkhead::heavy<"clerk", clerk>)
