#include "serve/connection.h"

#include <fmt/format.h>
#include <poll.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <memory>

#include "serve/answer.h"

// GCC 12 takes the coroutine frames of Asio, whose new and delete are its own, for mismatched ones.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace ds::serve {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

namespace {

constexpr uint32_t kMaxHead = 16 << 10;        // bytes of a request's head
constexpr size_t kMaxAhead = 64 << 10;         // bytes of later requests taken in while one is answered
constexpr double kIdle = 75, kWrite = 60;      // seconds for the next request, for a write to get on
constexpr double kPing = 15;                   // seconds of silence in a stream before a comment is sent
constexpr size_t kLinger = 4 << 20;            // bytes thrown away after a refusal, so that it can be read
constexpr double kBodyBytesPerSecond = 65536;  // a body that comes slower than this is given up

// A body that grows as it comes: a length in a head alone allocates nothing.
struct GrowingBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<uint64_t>&, error_code& ec) { ec = {}; }
    template <class Buffers>
    size_t put(const Buffers& buffers, error_code& ec) {
      size_t size = 0;
      for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers); ++it) {
        const asio::const_buffer b = *it;
        body_.append(static_cast<const char*>(b.data()), b.size());
        size += b.size();
      }
      ec = {};
      return size;
    }
    void finish(error_code& ec) { ec = {}; }

   private:
    value_type& body_;
  };
};
using Parser = http::request_parser<GrowingBody>;

Clock::duration ticks(double seconds) {
  return std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
}

// What a request that could not be read is answered with; nothing when there is nobody to tell.
std::optional<ApiError> read_error(const error_code& ec, bool timed_out, uint64_t max_body) {
  if (timed_out) return ApiError(408, "the request did not arrive in time", {}, "request_timeout");
  if (ec == http::error::body_limit)
    return ApiError(413, fmt::format("the body has more than the {} bytes that are taken", max_body), {},
                    "body_too_large");
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow)
    return ApiError(431, fmt::format("the head has more than {} bytes", kMaxHead));
  if (ec == http::error::bad_version) return ApiError(505, "HTTP/1.0 or HTTP/1.1 is needed");
  if (ec == http::error::partial_message) return bad_request("the request ended before it was complete");
  if (ec.category() == http::make_error_code(http::error::bad_method).category() &&
      ec != http::error::end_of_stream)
    return bad_request("this is not an HTTP request: " + ec.message());
  return {};
}

}  // namespace

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared)
      : shared_(shared),
        socket_(std::move(socket)),
        deadline_(socket_.get_executor()),
        bell_(socket_.get_executor()) {
    shared_.open.insert(this);
    shared_.app.metrics.connections(static_cast<int64_t>(shared_.open.size()));
  }
  ~Connection() {
    shared_.open.erase(this);
    shared_.app.metrics.connections(static_cast<int64_t>(shared_.open.size()));
  }

  asio::awaitable<void> run(bool full);
  void wake() { bell_.cancel(); }
  void failed(const std::exception_ptr& error);

 private:
  // A request that is being answered, for the log and the metrics and for drain.
  struct Active {
    Connection& c;
    Clock::time_point start = Clock::now();
    explicit Active(Connection& connection) : c(connection) { ++c.shared_.active; }
    ~Active() { --c.shared_.active; }
  };

  asio::awaitable<bool> one_request();
  asio::awaitable<bool> wait_for_request();
  asio::awaitable<std::optional<ApiError>> read_body(Parser& parser);
  asio::awaitable<bool> answer(const Response& response, bool keep_alive);
  asio::awaitable<bool> generate(const Plan& plan, bool keep_alive);
  asio::awaitable<bool> write(const std::string& bytes);
  asio::awaitable<void> wait_for_events(double seconds);
  asio::awaitable<void> watch();
  asio::awaitable<void> stop_watching();
  asio::awaitable<void> linger();
  void set_deadline(double seconds);
  void clear_deadline() { deadline_.cancel(); }
  void account(const Active& active);

  Shared& shared_;
  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  asio::steady_timer deadline_, bell_;
  Request request_;
  bool first_ = true, timed_out_ = false;
  bool watch_ = false, watching_ = false, gone_ = false;  // the read side during generation
  int status_ = 0;                                        // of the last response
  uint64_t sent_ = 0;                                     // bytes of it
  std::string note_;                                      // for the access log
};

// When the time is over, what is being waited for ends with operation_aborted.
void Connection::set_deadline(double seconds) {
  timed_out_ = false;
  deadline_.expires_after(ticks(seconds));
  deadline_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (ec || self->deadline_.expiry() > Clock::now()) return;
    error_code ignored;
    self->socket_.cancel(ignored);
    // A read that had just ended is followed by another: cancelled again, until the deadline is cleared.
    self->set_deadline(0.05);
    self->timed_out_ = true;
  });
}

asio::awaitable<bool> Connection::write(const std::string& bytes) {
  error_code ec;
  set_deadline(kWrite + static_cast<double>(bytes.size()) / kBodyBytesPerSecond);
  co_await asio::async_write(socket_, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
  clear_deadline();
  sent_ += bytes.size();
  co_return !ec;
}

// Reads and throws away what the client still sends: closing at once would reset the connection, and the
// response could be lost with it.
asio::awaitable<void> Connection::linger() {
  error_code ec;
  socket_.shutdown(tcp::socket::shutdown_send, ec);
  if (ec) co_return;
  std::vector<char> waste(16 << 10);
  set_deadline(2);
  for (size_t n = 0; n < kLinger;) {
    const size_t got =
        co_await socket_.async_read_some(asio::buffer(waste), asio::redirect_error(asio::use_awaitable, ec));
    if (ec) break;
    n += got;
  }
  clear_deadline();
}

void Connection::account(const Active& active) {
  const double seconds = Seconds(Clock::now() - active.start).count();
  shared_.app.metrics.http_request(handler_label(request_.path), method_label(request_.method), status_,
                                   seconds);
  const bool shown = shared_.options.access_log;
  if (!shown && !shared_.log.enabled(LogLevel::verbose)) return;
  const std::string line =
      fmt::format("{} {} {} {} bytes {:.1f} ms{} id {}", request_.method.substr(0, 20),
                  request_.path.substr(0, 100), status_, sent_, seconds * 1000, note_, request_.id);
  shown ? shared_.log.info(line) : shared_.log.verbose(line);
}

asio::awaitable<bool> Connection::answer(const Response& response, bool keep_alive) {
  status_ = response.status;
  std::string bytes = head_text(request_, response, response.body.size(), keep_alive);
  if (request_.method != "HEAD") bytes += response.body;
  const bool written = co_await write(bytes);
  co_return written&& keep_alive;
}

// Until the first bytes of a request are there. False: the client has none.
asio::awaitable<bool> Connection::wait_for_request() {
  if (buffer_.size() > 0) co_return true;
  error_code ec;
  set_deadline(first_ ? shared_.options.header_timeout : kIdle);
  const size_t n =
      co_await socket_.async_read_some(buffer_.prepare(4096), asio::redirect_error(asio::use_awaitable, ec));
  clear_deadline();
  buffer_.commit(n);
  co_return !ec;
}

asio::awaitable<std::optional<ApiError>> Connection::read_body(Parser& parser) {
  error_code ec;
  const auto length = parser.content_length();
  const uint64_t most = length ? *length : shared_.options.max_body;
  set_deadline(shared_.options.header_timeout + static_cast<double>(most) / kBodyBytesPerSecond);
  co_await http::async_read(socket_, buffer_, parser, asio::redirect_error(asio::use_awaitable, ec));
  clear_deadline();
  if (!ec) {
    request_.body = std::move(parser.get().body());
    co_return std::nullopt;
  }
  std::optional<ApiError> error = read_error(ec, timed_out_, shared_.options.max_body);
  if (!error) error = bad_request("the body ended before it was complete");
  co_return error;
}

// One request and its response; whether the connection can take another.
asio::awaitable<bool> Connection::one_request() {
  request_ = {};
  status_ = 0;
  sent_ = 0;
  note_.clear();
  Parser parser;
  parser.header_limit(kMaxHead);
  parser.body_limit(shared_.options.max_body);
  error_code ec;
  set_deadline(shared_.options.header_timeout);
  co_await http::async_read_header(socket_, buffer_, parser, asio::redirect_error(asio::use_awaitable, ec));
  clear_deadline();
  first_ = false;

  const Active active(*this);
  const auto& head = parser.get();
  const auto field = [&](http::field name) {
    const auto value = head[name];
    return std::string(value.data(), value.size());
  };
  const auto given_id = head["X-Request-Id"];
  request_.id = request_id({given_id.data(), given_id.size()});
  std::optional<ApiError> error;
  std::optional<Response> early;
  if (ec) {
    error = read_error(ec, timed_out_, shared_.options.max_body);
    if (!error) co_return false;
  }
  request_.method = std::string(head.method_string().data(), head.method_string().size());
  const std::string target(head.target().data(), head.target().size());
  const std::optional<std::string> path = decoded_path(target);
  request_.path = path.value_or("");
  if (!error && !path) error = bad_request("the path has a broken escape");
  request_.version = static_cast<int>(head.version());
  request_.authorization = field(http::field::authorization);
  request_.content_type = field(http::field::content_type);
  request_.has_length = parser.chunked() || parser.content_length().has_value();
  request_.keep_alive = head.keep_alive();
  const bool body_follows = !error && request_.has_length && !parser.is_done();

  bool keep = request_.keep_alive && !shared_.app.draining;
  const Route* route = nullptr;
  if (!error) {
    try {
      const auto admitted = admit(shared_.app, request_);
      if (const auto* response = std::get_if<Response>(&admitted))
        early = *response;
      else
        route = std::get<const Route*>(admitted);
    } catch (const ApiError& e) {
      error = e;
    }
  }
  const std::string expect = field(http::field::expect);
  if (!error && !early && !expect.empty()) {
    if (expect.size() != 12 || !boost::beast::iequals(expect, "100-continue")) {
      error = ApiError(417, "only 'Expect: 100-continue' is known");
    } else if (body_follows && request_.version >= 11) {
      const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      const bool written = co_await write(go_on);
      if (!written) co_return false;
    }
  }
  if (!error && !early && body_follows) {
    error = co_await read_body(parser);
    if (error) keep = false;
  } else if (ec || body_follows) {
    keep = false;  // what follows is the rest of a request that was refused
  }

  std::optional<Plan> plan;
  if (!error && !early) {
    try {
      Outcome outcome = route->handle(shared_.app, request_);
      request_.body = {};
      if (auto* p = std::get_if<Plan>(&outcome))
        plan = std::move(*p);
      else
        early = std::move(std::get<Response>(outcome));
    } catch (const ApiError& e) {
      error = e;
    } catch (const std::exception& e) {
      shared_.log.error(fmt::format("{} {}: {}", request_.method, request_.path, e.what()));
      error = ApiError(500, "the server failed on this request");
    }
  }
  if (plan) {
    keep = co_await generate(*plan, keep);
  } else {
    const Response response = error ? error_response(*error) : *early;
    keep = co_await answer(response, keep);
  }
  account(active);
  co_return keep;
}

asio::awaitable<void> Connection::run(bool full) {
  error_code ec;
  socket_.set_option(tcp::no_delay(true), ec);
  if (full) {
    ApiError error(503, "too many connections", {}, "too_many_connections");
    error.retry_after = 1;
    request_.method = "GET";
    const Response response = error_response(error);
    co_await answer(response, false);
  } else {
    for (bool keep = true; keep;) {
      const bool there = co_await wait_for_request();
      if (!there) break;
      keep = co_await one_request();
    }
  }
  co_await linger();
  socket_.close(ec);
}

// While an answer is made, the socket is read: the end of the stream means that nobody waits for it any
// more. Requests that come early are kept for later; when there are too many of them, only the client's going
// is looked for.
asio::awaitable<void> Connection::watch() {
  const auto self = shared_from_this();
  asio::steady_timer pause(socket_.get_executor());
  while (watch_) {
    error_code ec;
    if (buffer_.size() < kMaxAhead) {
      const size_t n = co_await socket_.async_read_some(buffer_.prepare(4096),
                                                        asio::redirect_error(asio::use_awaitable, ec));
      if (!ec) buffer_.commit(n);
    } else {
      pause.expires_after(ticks(0.1));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ec));
      pollfd p{socket_.native_handle(), POLLRDHUP, 0};
      if (::poll(&p, 1, 0) > 0) ec = asio::error::eof;
    }
    if (!ec) continue;
    if (watch_) gone_ = true;
    break;
  }
  watching_ = false;
  bell_.cancel();
}

asio::awaitable<void> Connection::stop_watching() {
  watch_ = false;
  error_code ec;
  if (watching_) socket_.cancel(ec);
  while (watching_) {
    bell_.expires_after(ticks(1));
    co_await bell_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
  }
}

asio::awaitable<void> Connection::wait_for_events(double seconds) {
  error_code ec;
  bell_.expires_after(ticks(seconds));
  co_await bell_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

asio::awaitable<bool> Connection::generate(const Plan& plan, bool keep_alive) {
  App& app = shared_.app;
  const auto mailbox = std::make_shared<Mailbox>();
  std::vector<uint64_t> tickets;
  std::optional<ApiError> error;
  try {
    tickets = app.host->submit(plan, mailbox);
  } catch (const ApiError& e) {
    error = e;
  }
  if (error) {
    const Response response = error_response(*error);
    const bool kept = co_await answer(response, keep_alive);
    co_return kept;
  }
  mailbox->ring = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->wake();
  };
  Answer out(plan, app.model.name, random_id(), std::time(nullptr));
  gone_ = false;
  watch_ = watching_ = true;
  asio::co_spawn(socket_.get_executor(), watch(), asio::detached);

  bool writable = true;
  if (plan.stream) {
    status_ = 200;
    const Response head{200, "", "text/event-stream; charset=utf-8", {{"Cache-Control", "no-cache"}}};
    const std::string bytes = head_text(request_, head, std::nullopt, keep_alive && request_.version >= 11);
    writable = co_await write(bytes);
  }
  const auto give_up = Clock::now() + ticks(shared_.options.request_timeout);
  bool cancelled = false;
  while (!out.complete() && !error && !gone_ && writable) {
    const double left = Seconds(give_up - Clock::now()).count();
    if (left <= 0) {
      error = ApiError(504, fmt::format("the answer took longer than {} s", shared_.options.request_timeout),
                       {}, "request_timeout");
      break;
    }
    if (shared_.cancelling && !cancelled) {
      app.host->cancel(tickets);
      cancelled = true;
    }
    if (mailbox->events.empty()) {
      const auto began = Clock::now();
      co_await wait_for_events(std::min(left, kPing));
      if (plan.stream && mailbox->events.empty() && Clock::now() - began >= ticks(kPing)) {
        const std::string ping = chunk_text(request_, ": ping\n\n");
        writable = co_await write(ping);
      }
      continue;
    }
    std::string bytes;
    for (Event& event : std::exchange(mailbox->events, {})) {
      bytes += out.add(event.choice, std::move(event.piece));
      if (event.finish == "error") error = ApiError(500, "the engine failed: " + event.message);
      if (!event.finish.empty() && !error) bytes += out.finish(event.choice, event.finish);
    }
    if (bytes.empty()) continue;
    const std::string chunk = chunk_text(request_, bytes);
    writable = co_await write(chunk);
  }
  co_await stop_watching();
  note_ = fmt::format(" {}+{} tokens", out.prompt_tokens(), out.generated_tokens());
  if (!out.complete()) app.host->cancel(tickets);
  if (gone_ || !writable) {
    app.metrics.disconnect();
    status_ = 499;  // the client closed the request, as nginx counts it
    co_return false;
  }
  if (!plan.stream) {
    const Response response =
        error ? error_response(*error) : Response{200, out.body(), "application/json", {}};
    const bool kept = co_await answer(response, keep_alive);
    co_return kept;
  }
  std::string last = chunk_text(request_, error ? Answer::error_event(error->body()) : out.ending());
  last += last_chunk_text(request_);
  writable = co_await write(last);
  co_return writable&& keep_alive&& request_.version >= 11;
}

void Connection::failed(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    shared_.log.error(fmt::format("a connection ended by an error: {}", e.what()), "please report this");
  }
}

void serve_connection(tcp::socket socket, Shared& shared, bool full) {
  const auto executor = socket.get_executor();
  const auto connection = std::make_shared<Connection>(std::move(socket), shared);
  // The coroutine's own copy keeps the connection alive.
  asio::co_spawn(
      executor, [connection, full]() -> asio::awaitable<void> { return connection->run(full); },
      [connection](const std::exception_ptr& error) {
        if (error) connection->failed(error);
      });
}

void wake_connections(Shared& shared) {
  for (Connection* c : shared.open) c->wake();
}

}  // namespace ds::serve
