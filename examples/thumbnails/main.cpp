#include "batch.hpp"
#include "decoder.hpp"
#include "http_server.hpp"
#include "messages.hpp"
#include "options.hpp"
#include "pool.hpp"

#include <bulkhead/bulkhead.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace {

constexpr int all_done = 0;
constexpr int some_failed = 1;
constexpr int trouble = 2;

int complain(const std::string& text) {
  std::fprintf(stderr, "thumbnails: %s\n", text.c_str());
  return trouble;
}

std::optional<std::string> check_folders(const thumbnails::options& opts) {
  std::error_code failed;
  if (!std::filesystem::is_directory(opts.input, failed))
    return opts.input + " is no folder";
  std::filesystem::directory_iterator readable{opts.input, failed};
  if (failed)
    return opts.input + ": " + failed.message();
  std::filesystem::create_directories(opts.output, failed);
  if (failed)
    return opts.output + ": " + failed.message();
  auto inner = std::filesystem::weakly_canonical(opts.input, failed);
  auto outer = std::filesystem::weakly_canonical(opts.output, failed);
  if (std::ranges::mismatch(outer, inner).in1 == outer.end())
    return opts.input + " is in the folder for the thumbnails, which are not taken as pictures";
  return std::nullopt;
}

/// The runtime's thread writes it.
struct log_file {
  std::ofstream out;
  std::atomic<bool> failed = false;
};

// The report says in few lines what the log says in many.
std::shared_ptr<log_file> log_to_file(caf::actor_system& system, const std::string& path) {
  auto log = std::make_shared<log_file>();
  log->out.open(path, std::ios::trunc);
  log->failed = !log->out;
  bulkhead::host::of(system).log_to([log](std::string_view line) {
    if (!(log->out << line << std::endl))
      log->failed = true;
  });
  return log;
}

// A report that is not written down, or only in part, is no success.
int flush_output(int status) {
  return std::fflush(stdout) != 0 || std::ferror(stdout) ? complain("the output could not be written") : status;
}

int run_batch(caf::scoped_actor& self, const thumbnails::options& opts, const caf::actor& pool) {
  auto status = trouble;
  auto batch = self->spawn(thumbnails::batch, opts, pool);
  self->request(batch, caf::infinite, thumbnails::run_atom_v)
    .receive(
      [&](const thumbnails::batch_outcome& x) {
        status = x.unwritten + x.unread_folders > 0 ? trouble : x.failed > 0 ? some_failed : all_done;
      },
      [&](const caf::error& reason) { status = complain("the batch ended early: " + to_string(reason)); });
  return status;
}

int run_service(caf::scoped_actor& self, const thumbnails::options& opts, const caf::actor& pool) {
  auto status = all_done;
  auto server = self->spawn(thumbnails::http_server, opts, pool);
  self->request(server, caf::infinite, thumbnails::run_atom_v)
    .receive([] {},
             [&](const caf::error& reason) {
               status = complain("cannot listen on " + opts.listen_host + ": " + to_string(reason));
             });
  self->send_exit(server, caf::exit_reason::user_shutdown);
  return status;
}

} // namespace

int main(int argc, char** argv) {
  // Ctrl-C reaches all processes of a terminal; the workers leave it to the host to end them.
  if (bulkhead::is_worker())
    std::signal(SIGINT, SIG_IGN);
  bulkhead::init_types<caf::id_block::thumbnails>();
  bulkhead::config cfg;
  cfg.add_heavy<"decoder", thumbnails::decoder>();
  if (auto status = bulkhead::run_if_worker(cfg))
    return *status;
  auto opts = thumbnails::parse_options({argv + 1, argv + argc});
  if (!opts)
    return complain(opts.error().text + "\n" + thumbnails::usage_text());
  if (opts->help) {
    std::fputs(thumbnails::usage_text(), stdout);
    return flush_output(all_done);
  }
  if (auto wrong = opts->listen_host.empty() ? check_folders(*opts) : std::nullopt)
    return complain(*wrong);
  std::signal(SIGXFSZ, SIG_IGN); // a limit on the size of files is an error of one write
  auto is_batch = opts->listen_host.empty();
  cfg.load<bulkhead::host>();
  if (is_batch)
    cfg.set("bulkhead.certificates-dir", opts->output + "/certificates");
  caf::actor_system system{cfg};
  caf::scoped_actor self{system};
  auto log = is_batch ? log_to_file(system, opts->output + "/batch.log") : nullptr;
  auto pool = self->spawn(thumbnails::pool, opts->pool);
  auto status = is_batch ? run_batch(self, *opts, pool) : run_service(self, *opts, pool);
  self->send_exit(pool, caf::exit_reason::user_shutdown);
  if (log && log->failed)
    status = complain(opts->output + "/batch.log could not be written");
  return flush_output(status);
}
