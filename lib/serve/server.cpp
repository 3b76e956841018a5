#include "serve/server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>

#include "base/error.h"
#include "serve/connection.h"

namespace ds::serve {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kTick = std::chrono::milliseconds(50);  // how often signals are looked for
// After the last answer: requests that came late are told so, before the port closes.
constexpr auto kLateRequests = std::chrono::milliseconds(100);
constexpr int kFilesBesides = 64;  // descriptors that are no connections

tcp::endpoint endpoint_of(asio::io_context& io, const ServeOptions& options) {
  error_code ec;
  const auto port = static_cast<unsigned short>(options.port);
  const auto address = asio::ip::make_address(options.host, ec);
  if (!ec) return {address, port};
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(options.host, std::to_string(port), ec);
  if (ec || found.empty())
    throw usage_error("--host " + options.host + ": not an address of this machine: " + ec.message());
  return found.begin()->endpoint();
}

Error cannot_listen(const tcp::endpoint& where, const error_code& ec) {
  const std::string at =
      fmt::format("{}, port {}: {}", where.address().to_string(), where.port(), ec.message());
  if (ec == asio::error::address_in_use)
    return resource_error(at,
                          "another program listens there; choose another --port, or 0 for one that is free");
  if (ec.value() == EADDRNOTAVAIL)
    return usage_error("--host " + at, "127.0.0.1 is this machine alone, 0.0.0.0 all its addresses");
  if (ec == asio::error::access_denied) return io_error(at, "ports below 1024 belong to root");
  return io_error(at);
}

// As many descriptors as connections are allowed, where the system lets us.
void raise_file_limit(int64_t connections) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto wanted = static_cast<rlim_t>(connections * 2 + kFilesBesides);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

struct Server::State {
  const ServeOptions options;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};

  explicit State(const ServeOptions& o) : options(o) {}
  asio::awaitable<void> accept(Shared& shared);
  asio::awaitable<void> supervise(Shared& shared, EngineHost& host, StopToken stop);
  std::string address() const {
    const auto where = acceptor.local_endpoint();
    const std::string name = where.address().to_string();
    return fmt::format("http://{}:{}", where.address().is_v6() ? "[" + name + "]" : name, where.port());
  }
};

Server::Server(const ServeOptions& options) : state_(std::make_unique<State>(options)) {
  const tcp::endpoint where = endpoint_of(state_->io, options);
  tcp::acceptor& acceptor = state_->acceptor;
  error_code ec;
  acceptor.open(where.protocol(), ec);
  if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec) acceptor.bind(where, ec);
  if (ec) throw cannot_listen(where, ec);
}

Server::~Server() = default;

asio::awaitable<void> Server::State::accept(Shared& shared) {
  asio::steady_timer pause(io);
  const auto most = static_cast<size_t>(options.max_connections);
  for (;;) {
    error_code ec;
    tcp::socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (ec) {  // no descriptors left, or a client that went at once
      pause.expires_after(kTick);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
      continue;
    }
    // Some more are let in to be told that there are too many; beyond those the door stays shut.
    if (shared.open.size() < most * 2)
      serve_connection(std::move(socket), shared, shared.open.size() >= most);
  }
}

asio::awaitable<void> Server::State::supervise(Shared& shared, EngineHost& host, StopToken stop) {
  asio::steady_timer tick(io);
  Clock::time_point drained_until{}, quiet_since = Clock::now();
  for (;;) {
    error_code ec;
    tick.expires_after(kTick);
    co_await tick.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    const auto now = Clock::now();
    if (host.failed()) break;
    if (!stop.requested()) continue;
    if (!shared.app.draining) {
      shared.app.draining = true;
      drained_until = now + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(options.drain_timeout));
      quiet_since = now;
      shared.log.info(fmt::format("shutting down: {} requests to finish", shared.active));
    }
    if (shared.active > 0) quiet_since = now;
    if (now - quiet_since >= kLateRequests) break;
    if (now >= drained_until && !shared.cancelling) {
      shared.log.warn(
          fmt::format("{} requests are cut short after {} s", shared.active, options.drain_timeout));
      shared.cancelling = true;
      wake_connections(shared);
    }
    if (shared.cancelling && now >= drained_until + std::chrono::seconds(5))
      break;  // clients that do not read
  }
  acceptor.close();
  io.stop();
}

void Server::serve(App& app, EngineHost& host, Run& run) {
  State& s = *state_;
  raise_file_limit(s.options.max_connections);
  error_code ec;
  s.acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) throw cannot_listen(s.acceptor.local_endpoint(), ec);
  if (!s.acceptor.local_endpoint().address().is_loopback() && !app.keys.required())
    run.log.warn("everybody who can reach " + s.address() + " may use this server",
                 "--api-key-file closes it; --host 127.0.0.1 is this machine alone");

  Shared shared{app, s.options, run.log, {}};
  // However this ends: first the engine's thread, which posts to the io context, then the connections that
  // are still open, which end with the context, then what they refer to.
  struct End {
    std::unique_ptr<State>& state;
    EngineHost& host;
    ~End() {
      try {
        host.stop(false);
      } catch (...) {  // an error is being told of already
      }
      state.reset();
    }
  } end{state_, host};
  app.host = &host;
  host.start([&io = s.io, &host] { asio::post(io, [&host] { host.deliver(); }); });
  asio::co_spawn(s.io, s.accept(shared), asio::detached);
  asio::co_spawn(s.io, s.supervise(shared, host, run.stop), asio::detached);
  const std::string line = "listening on " + s.address();
  run.log.format() == LogFormat::json ? run.log.info(line) : run.log.raw(line + "\n");
  s.io.run();
  host.stop(!shared.cancelling);
}

}  // namespace ds::serve
