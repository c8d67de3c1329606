#include "http_server.hpp"

#include "body_budget.hpp"
#include "http_session.hpp"
#include "messages.hpp"

#include <bulkhead/io.hpp>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <set>
#include <system_error>

#include <sys/resource.h>

namespace thumbnails {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// Upper bound for connections; fewer if descriptors are short. One more gets 503.
constexpr size_t connections_max = 4'096;

/// Connections that are turned away at the same time. More wait in the system's queue.
constexpr size_t refusals_max = 8;

/// Descriptors that connections leave to the rest of the program, and to each worker that is started or replaced.
constexpr size_t descriptors_reserved = 16;
constexpr size_t descriptors_per_worker = 8;

/// For the bodies of requests, all together.
constexpr uint64_t body_bytes_max = uint64_t{512} << 20;

/// Before the next attempt when the system has no descriptor left for a connection.
constexpr std::chrono::milliseconds accept_delay{100};

/// For a client to take notice that it is turned away.
constexpr std::chrono::milliseconds refusal_patience{500};

/// For answers that are under way when the service ends.
constexpr std::chrono::seconds finish_grace{5};

size_t open_descriptors() {
  std::error_code unknown; // then the reserve has to suffice
  std::filesystem::directory_iterator all{"/proc/self/fd", unknown};
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

// Connections must not take what a worker needs to start: without workers there is no service.
size_t connections_allowed(const options& opts) {
  auto kept = open_descriptors() + descriptors_reserved + refusals_max + descriptors_per_worker * opts.pool.workers;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return connections_max;
  return std::clamp<size_t>(limit.rlim_cur > kept ? limit.rlim_cur - kept : 0, 1, connections_max);
}

class listener : public std::enable_shared_from_this<listener> {
public:
  listener(caf::event_based_actor* self, const options& opts, caf::actor pool)
    : self_(self),
      options_(opts),
      pool_(std::move(pool)),
      acceptor_(bulkhead::io(self)),
      signals_(acceptor_.get_executor()) {
    // nop
  }

  caf::result<void> run() {
    if (auto failed = listen())
      return caf::make_error(caf::sec::cannot_open_port, failed.message());
    signals_.async_wait([me = shared_from_this()](error_code failed, int) {
      if (!failed)
        me->finish();
    });
    limit_ = connections_allowed(options_);
    accept();
    std::cout << "listening on " << acceptor_.local_endpoint() << std::endl;
    done_ = self_->make_response_promise<void>();
    return done_;
  }

  void on_down(const caf::actor_addr& gone) {
    sessions_.erase(gone);
    refusals_.erase(gone);
    if (closing_ && sessions_.empty())
      end();
    else if (full_)
      accept();
  }

  void cancel() {
    error_code ignored;
    acceptor_.close(ignored);
    signals_.clear(ignored); // the next Ctrl-C ends the program at once
  }

private:
  error_code listen() {
    error_code failed;
    auto address =
      boost::asio::ip::make_address(options_.listen_host == "localhost" ? "127.0.0.1" : options_.listen_host, failed);
    tcp::endpoint here{address, options_.listen_port};
    if (!failed)
      acceptor_.open(here.protocol(), failed);
    if (!failed)
      acceptor_.set_option(tcp::acceptor::reuse_address{true}, failed);
    if (!failed)
      acceptor_.bind(here, failed);
    if (!failed)
      acceptor_.listen(boost::asio::socket_base::max_listen_connections, failed);
    for (auto number : {SIGINT, SIGTERM})
      if (!failed)
        signals_.add(number, failed);
    return failed;
  }

  void accept() {
    full_ = refusals_.size() >= refusals_max;
    if (full_)
      return;
    acceptor_.async_accept([me = shared_from_this()](error_code failed, tcp::socket client) {
      if (me->closing_)
        return;
      if (failed) {
        me->self_->run_delayed(accept_delay, [me] { me->accept(); });
        return;
      }
      me->serve(std::move(client));
      me->accept();
    });
  }

  void serve(tcp::socket client) {
    error_code failed;
    auto descriptor = client.release(failed);
    if (failed)
      return;
    session_options opts{options_.client_patience, options_.file_bytes_max, options_.width, bodies_};
    if (sessions_.size() - refusals_.size() < limit_) {
      auto session = self_->spawn<caf::monitored>(http_session, descriptor, opts, pool_);
      sessions_.insert(session.address());
    } else {
      opts.client_patience = std::min(opts.client_patience, refusal_patience);
      auto session = self_->spawn<caf::monitored>(refusing_http_session, descriptor, opts);
      sessions_.insert(session.address());
      refusals_.insert(session.address());
    }
  }

  void finish() {
    closing_ = true;
    cancel();
    for (auto& x : sessions_)
      if (auto session = caf::actor_cast<caf::actor>(x))
        self_->send(session, finish_atom_v);
    if (sessions_.empty())
      end();
    self_->run_delayed(finish_grace, [me = shared_from_this()] { me->end(); });
  }

  void end() {
    for (auto& x : sessions_)
      if (auto session = caf::actor_cast<caf::actor>(x))
        self_->send_exit(session, caf::exit_reason::user_shutdown);
    if (done_.pending())
      done_.deliver();
    self_->quit();
  }

  caf::event_based_actor* self_;
  options options_;
  caf::actor pool_;
  tcp::acceptor acceptor_;
  boost::asio::signal_set signals_;
  std::set<caf::actor_addr> sessions_;
  /// Those among them that are turned away.
  std::set<caf::actor_addr> refusals_;
  size_t limit_ = 1;
  std::shared_ptr<body_budget> bodies_ = std::make_shared<body_budget>(body_bytes_max);
  caf::typed_response_promise<void> done_;
  bool full_ = false;
  bool closing_ = false;
};

} // namespace

caf::behavior http_server(caf::event_based_actor* self, const options& opts, const caf::actor& pool) {
  auto it = std::make_shared<listener>(self, opts, pool);
  bulkhead::close_at_end(self, it);
  self->set_down_handler([it](const caf::down_msg& down) { it->on_down(down.source); });
  return {
    [it](run_atom) { return it->run(); },
  };
}

} // namespace thumbnails
