#include "bulkhead/runtime/keeper.hpp"

#include "bulkhead/platform/this_process.hpp"

#include <boost/asio/post.hpp>

namespace bulkhead::runtime {

namespace {

thread_local bool is_keeper = false;

} // namespace

bool keeper::runs_here() noexcept {
  return is_keeper;
}

keeper::keeper() : work_(context_.get_executor()) {
  // nop
}

keeper::~keeper() {
  stop();
}

void keeper::start(const char* thread_name) {
  thread_ = std::thread{[this, thread_name] {
    platform::name_thread(thread_name);
    is_keeper = true;
    context_.run();
  }};
}

void keeper::stop() {
  context_.stop();
  if (thread_.joinable())
    thread_.join();
}

void keeper::post(std::function<void()> work) {
  boost::asio::post(context_, std::move(work));
}

} // namespace bulkhead::runtime
