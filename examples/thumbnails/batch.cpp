#include "batch.hpp"

#include "batch_report.hpp"
#include "input_files.hpp"
#include "messages.hpp"
#include "read_file.hpp"
#include "thumbnail_name.hpp"
#include "write_file.hpp"

#include <bulkhead/host.hpp>

#include <caf/actor.hpp>
#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace thumbnails {

namespace {

namespace fs = std::filesystem;

using steady = std::chrono::steady_clock;

/// Pictures that are read ahead, so that no worker waits for the disk.
constexpr size_t ahead_per_worker = 2;

constexpr std::chrono::seconds certificates_wait{2};

std::string reason_of(const std::error_code& why, uint64_t file_bytes_max) {
  if (why == std::errc::file_too_large)
    return "larger than " + std::to_string(file_bytes_max) + " bytes";
  return why == std::errc::not_supported ? "no regular file any more" : why.message();
}

class batch_state {
public:
  batch_state(caf::event_based_actor* self, const options& opts, const caf::actor& pool)
    : self_(self), options_(opts), pool_(pool) {
    // nop
  }

  caf::typed_response_promise<batch_outcome> run() {
    done_ = self_->make_response_promise<batch_outcome>();
    auto found = find_input_files(options_.input, options_.output);
    files_ = std::move(found.files);
    report_.emplace(files_.size() + found.folders.size() + found.others.size());
    for (auto& x : found.folders)
      report_->add_unread_folder({x.path.string()}, std::move(x.why));
    for (auto& x : found.others)
      report_->add_failure({x.path.string()}, picture_error::unreadable, std::move(x.why));
    read_ahead();
    return done_;
  }

  void add(const bulkhead::death_certificate& what) {
    if (report_)
      report_->add_death(what);
    finish_if_complete();
  }

private:
  void read_ahead() {
    while (under_way_ < options_.pool.workers * ahead_per_worker && next_ < files_.size())
      begin(next_++);
    if (under_way_ == 0 && next_ == files_.size())
      await_deaths();
  }

  void begin(size_t at) {
    batch_line line{files_[at].string()};
    auto content = read_file(fs::path{options_.input} / files_[at], options_.file_bytes_max);
    if (!content) {
      auto too_large = content.error() == std::errc::file_too_large;
      report_->add_failure(line, too_large ? picture_error::too_large : picture_error::unreadable,
                           reason_of(content.error(), options_.file_bytes_max));
      return;
    }
    line.bytes = content->size();
    ++under_way_;
    self_->request(pool_, caf::infinite, std::move(*content), options_.width)
      .then(
        [this, at, line, begun = steady::now()](const thumbnail& made) mutable {
          line.time = steady::now() - begun;
          line.by = made.by;
          auto target = thumbnail_name(files_[at]);
          if (auto failed = write_file(fs::path{options_.output} / target, made.jpeg.view()))
            report_->add_unwritten(line, failed.message());
          else
            report_->add_success(line, target, std::to_string(made.width) + "x" + std::to_string(made.height));
          --under_way_;
          read_ahead();
        },
        [this, line, begun = steady::now()](const caf::error& reason) mutable {
          line.time = steady::now() - begun;
          line.by = worker_of(reason);
          report_->add_failure(line, code_of(reason), detail_of(reason));
          --under_way_;
          read_ahead();
        });
  }

  void await_deaths() {
    self_->request(pool_, caf::infinite, health_atom_v).then([this](const pool_health& health) {
      replaced_ = health.replaced;
      finish_if_complete();
      if (replaced_)
        self_->run_delayed(certificates_wait, [this] { finish(); });
    });
  }

  // Certificates come a little later than the errors of the requests that died.
  void finish_if_complete() {
    if (replaced_ && report_->deaths() >= *replaced_)
      finish();
  }

  void finish() {
    if (auto replaced = std::exchange(replaced_, std::nullopt))
      done_.deliver(report_->finish(*replaced, options_.output));
  }

  caf::event_based_actor* self_;
  options options_;
  caf::actor pool_;
  caf::typed_response_promise<batch_outcome> done_;
  std::vector<fs::path> files_;
  size_t next_ = 0;
  size_t under_way_ = 0;
  std::optional<batch_report> report_;
  /// Set while the report waits for certificates.
  std::optional<uint64_t> replaced_;
};

} // namespace

caf::behavior batch(caf::event_based_actor* self, const options& opts, const caf::actor& pool) {
  auto state = std::make_shared<batch_state>(self, opts, pool);
  bulkhead::host::of(self->home_system()).subscribe(caf::actor{self});
  self->set_default_handler(caf::drop); // the other events
  return {
    [state](run_atom) { return state->run(); },
    [state](const bulkhead::death_certificate& what) { state->add(what); },
  };
}

} // namespace thumbnails
