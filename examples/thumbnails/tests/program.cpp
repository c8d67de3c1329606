#include "program.hpp"

#include <bulkhead/platform/null_device.hpp>
#include <bulkhead/platform/pipe.hpp>
#include <bulkhead/platform/this_process.hpp>

#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace thumbnails::tests {

namespace platform = bulkhead::platform;

program::program(std::vector<std::string> arguments) {
  auto pipe = platform::pipe_pair::create().value();
  auto null = platform::open_null().value();
  arguments.insert(arguments.begin(), THUMBNAILS_PROGRAM);
  platform::process_spec spec;
  spec.program = THUMBNAILS_PROGRAM;
  spec.arguments = std::move(arguments);
  spec.environment = platform::environment();
  spec.passed = {{null.get(), 0}, {pipe.write_end.get(), 1}, {2, 2}};
  process_.emplace(platform::process::start(spec).value());
  output_.assign(pipe.read_end.release());
}

std::string program::read_line() {
  std::string result;
  boost::asio::async_read_until(output_, boost::asio::dynamic_buffer(buffer_), '\n',
                                [&](boost::system::error_code failed, size_t size) {
                                  if (failed)
                                    return;
                                  result = buffer_.substr(0, size - 1);
                                  buffer_.erase(0, size);
                                });
  io_.restart();
  if (io_.run_for(patience); !io_.stopped()) {
    output_.cancel();
    io_.run();
  }
  return result;
}

std::string program::read_rest() {
  boost::asio::async_read(output_, boost::asio::dynamic_buffer(buffer_), [](boost::system::error_code, size_t) {});
  io_.restart();
  if (io_.run_for(patience); !io_.stopped()) {
    output_.cancel();
    io_.run();
  }
  return std::exchange(buffer_, {});
}

void program::send_signal(int number) {
  process_->kill(number);
}

int program::wait() {
  auto status = process_->reap_within(patience);
  return status && status->how == platform::exit_status::kind::exited ? status->value : -1;
}

std::vector<int> program::workers() const {
  std::vector<int> result;
  std::error_code failed;
  auto tasks = "/proc/" + std::to_string(process_->pid()) + "/task";
  for (auto& task : std::filesystem::directory_iterator{tasks, failed}) {
    std::ifstream in{task.path() / "children"};
    std::copy(std::istream_iterator<int>{in}, {}, std::back_inserter(result));
  }
  return result;
}

service::service(std::vector<std::string> options)
  : run([&] {
      options.insert(options.end(), {"--listen", "127.0.0.1:0"});
      return options;
    }()) {
  auto line = run.read_line();
  auto colon = line.rfind(':');
  port = colon == std::string::npos ? uint16_t{0} : static_cast<uint16_t>(std::stoi(line.substr(colon + 1)));
}

bool is_running(int pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string line;
  std::getline(in, line);
  auto name_end = line.rfind(") ");
  return name_end != std::string::npos && line[name_end + 2] != 'Z';
}

scratch_folder::scratch_folder() {
  static int count = 0;
  path_ = std::filesystem::temp_directory_path()
          / ("bulkhead-thumbnails-" + std::to_string(platform::pid()) + "-" + std::to_string(++count));
  std::filesystem::create_directories(path_);
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void scratch_folder::write(std::string_view name, std::string_view content) const {
  std::ofstream out{path_ / name, std::ios::binary};
  out << content;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace thumbnails::tests
