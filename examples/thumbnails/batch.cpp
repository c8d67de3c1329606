#include "batch.hpp"

#include "batch_report.hpp"
#include "messages.hpp"

#include <bulkhead/host.hpp>

#include <caf/actor.hpp>
#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace thumbnails {

namespace {

namespace fs = std::filesystem;

using steady = std::chrono::steady_clock;

/// Pictures that are read ahead, so that no worker waits for the disk.
constexpr size_t ahead_per_worker = 2;

constexpr std::chrono::seconds certificates_wait{2};

bool is_below(const fs::path& file, const fs::path& folder) {
  auto relative = file.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

// All files, except those of `output`, which may be a folder within.
std::vector<fs::path> files_below(const fs::path& input, const fs::path& output) {
  std::vector<fs::path> result;
  std::error_code failed;
  auto skip = fs::weakly_canonical(output, failed);
  fs::recursive_directory_iterator at{input, fs::directory_options::skip_permission_denied, failed};
  for (; !failed && at != fs::recursive_directory_iterator{}; at.increment(failed)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored) && !is_below(fs::weakly_canonical(at->path(), ignored), skip))
      result.push_back(at->path().lexically_relative(input));
  }
  std::ranges::sort(result);
  return result;
}

std::optional<bulkhead::bytes> read(const fs::path& path, uint64_t size) {
  std::ifstream in{path, std::ios::binary};
  caf::byte_buffer content(size);
  in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(size));
  return in ? std::optional{bulkhead::bytes{std::move(content)}} : std::nullopt;
}

bool write(const fs::path& path, const bulkhead::bytes& content) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out.write(content.view().data(), static_cast<std::streamsize>(content.size()));
  return static_cast<bool>(out.flush());
}

class batch_state {
public:
  batch_state(caf::event_based_actor* self, const options& opts, const caf::actor& pool)
    : self_(self), options_(opts), pool_(pool) {
    // nop
  }

  caf::typed_response_promise<batch_outcome> run() {
    done_ = self_->make_response_promise<batch_outcome>();
    files_ = files_below(options_.input, options_.output);
    report_.emplace(files_.size());
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
    auto path = fs::path{options_.input} / files_[at];
    std::error_code failed;
    auto size = fs::file_size(path, failed);
    batch_line line{files_[at].string(), failed ? 0 : size};
    if (!failed && size > options_.file_bytes_max) {
      report_->add_failure(line, picture_error::too_large,
                           "larger than " + std::to_string(options_.file_bytes_max) + " bytes");
      return;
    }
    auto content = failed ? std::nullopt : read(path, size);
    if (!content) {
      report_->add_failure(line, picture_error::unreadable, "cannot be read");
      return;
    }
    ++under_way_;
    self_->request(pool_, caf::infinite, std::move(*content), options_.width)
      .then(
        [this, at, line, begun = steady::now()](const thumbnail& made) mutable {
          line.time = steady::now() - begun;
          line.by = made.by;
          auto target = files_[at].string() + ".thumb.jpg";
          if (write(fs::path{options_.output} / target, made.jpeg))
            report_->add_success(line, target, std::to_string(made.width) + "x" + std::to_string(made.height));
          else
            report_->add_unwritten(line);
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
