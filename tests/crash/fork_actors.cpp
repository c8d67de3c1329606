#include "fork_actors.hpp"

#include <bulkhead/executor.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <unistd.h>

namespace crash {

namespace {

// What `preload` has made, in each copy.
std::string loaded;

caf::behavior loader(caf::event_based_actor*) {
  return {
    [](caf::get_atom) { return static_cast<int32_t>(::getpid()); },
    [](caf::get_atom, const std::string&) { return loaded; },
    [](caf::put_atom, const std::string& text) {
      loaded = text;
      return static_cast<int32_t>(::getppid());
    },
  };
}

const test_support::known_actor loader_known{bulkhead::heavy<"loader", loader>::add_to};

} // namespace

void load(const std::string& path) {
  std::ofstream{path, std::ios::app} << 'x';
  loaded = path;
  std::printf("loaded\n");
}

void load_badly(const std::string& how) {
  if (how == "throw")
    throw std::runtime_error{"no model"};
  if (how == "die")
    ::raise(SIGKILL);
  if (how == "thread")
    std::thread{[] { ::pause(); }}.detach();
  else
    test_support::gate::wait_for(how);
}

std::string what_was_loaded() {
  return loaded;
}

size_t loads(const diary& book) {
  std::error_code none;
  auto size = std::filesystem::file_size(book.path(), none);
  return none ? 0 : size;
}

bulkhead::worker_options forked() {
  bulkhead::worker_options result;
  result.fork_server = true;
  return result;
}

bulkhead::worker_options forked_after_load(const diary& book) {
  auto result = forked();
  result.preload = bulkhead::call<&load>(book.path());
  return result;
}

forked_loaders::forked_loaders(const bulkhead::worker_options& options) : wanted(options) {
  // nop
}

caf::actor forked_loaders::spawn() {
  auto result = here.host.spawn("loader", wanted);
  if (!result)
    throw std::runtime_error{to_string(result.error())};
  return std::move(*result);
}

int32_t forked_loaders::pid(const caf::actor& of) {
  return test_support::ask<int32_t>(self, of, caf::get_atom_v).value();
}

std::string forked_loaders::loaded_by(const caf::actor& who) {
  return test_support::ask<std::string>(self, who, caf::get_atom_v, std::string{}).value();
}

int32_t forked_loaders::server_besides(const std::vector<int32_t>& workers) {
  auto all = test_support::children();
  std::erase_if(all, [&](int x) { return std::find(workers.begin(), workers.end(), x) != workers.end(); });
  return all.size() == 1 ? all.front() : -1;
}

} // namespace crash
