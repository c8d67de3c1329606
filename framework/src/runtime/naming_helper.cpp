#include "bulkhead/runtime/naming_helper.hpp"

#include "bulkhead/platform/group_signals.hpp"
#include "bulkhead/platform/memory_file.hpp"
#include "bulkhead/platform/null_device.hpp"
#include "bulkhead/platform/pipe.hpp"
#include "bulkhead/platform/process.hpp"
#include "bulkhead/platform/process_limits.hpp"
#include "bulkhead/platform/socket_pair.hpp"
#include "bulkhead/platform/symbolizer.hpp"
#include "bulkhead/platform/this_process.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>

namespace bulkhead::runtime {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* helper_variable = "BULKHEAD_NAMES";

constexpr std::chrono::seconds time_of_helper{6};

// Large programs have debugging information of a gigabyte, which is mapped and not read.
constexpr platform::helper_limits limits_of_helper{uint64_t{512} << 20, uint64_t{3} << 30, time_of_helper, 32};

/// Usually it takes some milliseconds.
constexpr milliseconds helper_end_wait{200};

// A global: whether `main` is prepared for helpers is a property of the program.
std::atomic<bool> allowed = false;

stack_names no_names(size_t places, std::string why) {
  stack_names result;
  result.places.resize(places);
  result.missing = std::move(why);
  return result;
}

milliseconds time_left(steady_clock::time_point when) {
  auto left = std::chrono::ceil<milliseconds>(when - steady_clock::now());
  return std::max(left, milliseconds{0});
}

/// What `fd` has to say until its end, or until the time is up.
struct heard {
  std::string text;
  bool whole = false;
};

heard read_until(int fd, steady_clock::time_point deadline) {
  heard result;
  std::array<char, 4096> buffer;
  while (result.text.size() < answer_bytes_max) {
    auto ready = platform::wait_readable(fd, time_left(deadline));
    if (!ready || !*ready)
      return result;
    auto count = platform::read_some(fd, buffer);
    if (!count && count.error().number == EAGAIN)
      continue;
    result.whole = count && *count == 0;
    if (!count || *count == 0)
      return result;
    result.text.append(buffer.data(), *count);
  }
  return result;
}

/// All of standard input; empty if it is too long.
std::string read_input() {
  std::string text(question_bytes_max + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), stdin));
  return text.size() > question_bytes_max ? std::string{} : text;
}

// At once: what was found is worth something even if the next file ends this process.
void tell_host(const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

} // namespace

stack_names naming_helper::ask(const name_question& what, milliseconds budget) const {
  auto places = what.places.size();
  if (!allowed)
    return no_names(places, "the program's main function does not call bulkhead::run_if_worker");
  auto question = write_question(what);
  auto input = platform::memory_file::create_with("bulkhead-question", std::as_bytes(std::span{question}));
  auto answer = platform::pipe_pair::create();
  auto null = platform::open_null();
  if (!input || !answer || !null)
    return no_names(places, "no descriptor or memory was left for it");
  platform::process_spec spec;
  spec.program = platform::program_path();
  spec.arguments = {platform::program_name()};
  spec.environment = environment_;
  spec.environment.push_back(std::string{helper_variable} + "=1");
  spec.passed = {{input->fd(), 0}, {answer->write_end.get(), 1}, {null->get(), 2}};
  spec.blocked = platform::group_signals();
  auto deadline = steady_clock::now() + budget;
  auto helper = platform::process::start(spec);
  if (!helper)
    return no_names(places, "the helper cannot be started: " + helper.error().message());
  answer->write_end = {};
  auto said = read_until(answer->read_end.get(), deadline);
  auto ended = said.whole ? helper->reap_within(helper_end_wait) : std::nullopt;
  auto result = read_answer(said.text, places);
  if (!result.missing.empty() && ended)
    result.missing = "the helper that looks for names has ended early: " + ended->describe();
  else if (!result.missing.empty())
    result.missing = "the helper that looks for names was killed after " + std::to_string(budget.count()) + " ms";
  return result;
}

void allow_naming_helpers() noexcept {
  allowed = true;
}

bool is_naming_helper() {
  static const bool answer = platform::take_environment_variable(helper_variable).has_value();
  return answer;
}

int serve_names() {
  platform::name_process("names");
  if (auto limited = platform::limit_helper(limits_of_helper); !limited)
    return EXIT_FAILURE;
  auto question = read_question(read_input());
  platform::symbolizer names{time_of_helper};
  // All functions before the first line: these take longer, and matter less.
  for (size_t i = 0; i < question.places.size(); ++i)
    if (auto name = names.function(question.places[i].module, question.places[i].offset); !name.empty())
      tell_host(write_function(i, name));
  for (size_t i = 0; i < question.places.size(); ++i)
    for (auto& x : names.positions(question.places[i].module, question.places[i].offset))
      tell_host(write_position(i, {x.function, x.source}));
  if (!question.exception_type.empty()) // last: what names can stand there is unknown
    tell_host(write_exception(platform::demangled(question.exception_type)));
  tell_host(write_end());
  platform::exit_now(EXIT_SUCCESS);
}

} // namespace bulkhead::runtime
