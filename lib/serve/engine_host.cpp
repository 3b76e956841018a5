#include "serve/engine_host.h"

#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "infer/engine.h"
#include "nn/device.h"
#include "serve/api_error.h"

namespace ds::serve {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

const char* reason(infer::Finish finish) {
  switch (finish) {
    case infer::Finish::stop:
      return "stop";
    case infer::Finish::length:
      return "length";
    case infer::Finish::cancelled:
      return "abort";
    case infer::Finish::error:
      return "error";
  }
  return "error";
}

// One choice on the engine's thread.
struct Choice {
  ChoiceStream stream;
  std::shared_ptr<Mailbox> to;
  size_t index;
  Clock::time_point arrival = Clock::now(), first{}, last{};
  int64_t tokens = 0;
};

}  // namespace

struct EngineHost::State {
  State(infer::Engine& e, const tokenizer::Tokenizer& t, Metrics& m) : engine(e), tokenizer(t), metrics(m) {}

  infer::Engine& engine;
  const tokenizer::Tokenizer& tokenizer;
  Metrics& metrics;
  std::function<void()> ring;
  std::thread thread;
  std::atomic<bool> stopping{false}, draining{true}, failed{false};
  std::exception_ptr error;  // of the thread, read after it has ended

  std::mutex mutex;  // over the outbox
  std::vector<std::pair<std::shared_ptr<Mailbox>, Event>> outbox;

  void post(const std::shared_ptr<Mailbox>& to, Event event) {
    bool first;
    {
      const std::lock_guard lock(mutex);
      first = outbox.empty();
      outbox.emplace_back(to, std::move(event));
    }
    if (first) ring();
  }

  bool on_token(Choice& c, const Token& token) {
    const Clock::time_point now = Clock::now();
    if (c.tokens++ == 0) {
      c.first = now;
      metrics.first_token(seconds_between(c.arrival, now));
    } else {
      metrics.next_token(seconds_between(c.last, now));
    }
    c.last = now;
    Event event{c.index, c.stream.token(token), {}, {}};
    const bool go_on = !event.piece.stopped;
    post(c.to, std::move(event));
    return go_on;
  }

  void on_finish(Choice& c, infer::Finish how, const std::string& message) {
    metrics.request_ends(c.tokens, seconds_between(c.arrival, Clock::now()),
                         c.tokens > 0 ? seconds_between(c.first, c.last) : 0);
    post(c.to, {c.index, c.stream.finish(), reason(how), message});
  }

  infer::EngineRequest request(const Plan& plan, const Prompt& prompt, size_t index,
                               const std::shared_ptr<Mailbox>& to) {
    auto choice = std::make_shared<Choice>(
        Choice{ChoiceStream(tokenizer, plan.stop, plan.top_logprobs >= 0), to, index});
    infer::EngineRequest r;
    r.prompt = prompt.ids;
    r.max_tokens = prompt.max_tokens;
    r.sampling = plan.sampling;
    r.sequence = static_cast<uint32_t>(index % static_cast<size_t>(plan.n));
    r.stop_ids = plan.stop_ids;
    r.top_logprobs = plan.top_logprobs;
    r.prompt_logprobs = plan.prompt_logprobs();
    if (plan.echo && !r.prompt_logprobs) {
      std::vector<Token> ids;
      for (const int64_t id : prompt.ids) ids.push_back({id, {}, {}});
      to->events.push_back({index, choice->stream.echo(ids, prompt.hidden), {}, {}});
    }
    if (r.prompt_logprobs) {
      r.on_prompt = [this, choice, hidden = prompt.hidden](const std::vector<Token>& scored) {
        post(choice->to, {choice->index, choice->stream.echo(scored, hidden), {}, {}});
      };
    }
    r.on_token = [this, choice](const Token& token) { return on_token(*choice, token); };
    r.on_finish = [this, choice](infer::Finish how, const std::string& message) {
      on_finish(*choice, how, message);
    };
    return r;
  }
};

EngineHost::EngineHost(infer::Engine& engine, const tokenizer::Tokenizer& tokenizer, Metrics& metrics)
    : state_(std::make_unique<State>(engine, tokenizer, metrics)) {}

EngineHost::~EngineHost() {
  try {
    stop(false);
  } catch (...) {  // told by the stop() that came before, or by what is being unwound
  }
}

void EngineHost::start(std::function<void()> ring) {
  State& s = *state_;
  s.ring = std::move(ring);
  s.thread = std::thread([&s] {
    try {
      nn::guarded([&] {
        s.engine.run([&] { return s.stopping.load(); }, [&] { return s.draining.load(); });
        return 0;
      });
    } catch (...) {
      s.error = std::current_exception();
      s.failed = true;
    }
  });
}

std::vector<uint64_t> EngineHost::submit(const Plan& plan, const std::shared_ptr<Mailbox>& to) {
  std::vector<uint64_t> tickets;
  try {
    for (size_t i = 0; i < plan.choices(); ++i) {
      const Prompt& prompt = plan.prompts[i / static_cast<size_t>(plan.n)];
      tickets.push_back(state_->engine.submit(state_->request(plan, prompt, i, to)));
      state_->metrics.request_begins(static_cast<int64_t>(prompt.ids.size()), prompt.max_tokens);
    }
  } catch (const Error& e) {
    cancel(tickets);
    if (e.kind() == ErrorKind::usage) throw bad_request(e.what());
    if (e.kind() != ErrorKind::resource) throw;
    ApiError full(429, std::string("the server is busy: ") + e.what(), {}, "queue_full");
    full.retry_after = 1;
    throw full;
  }
  return tickets;
}

void EngineHost::cancel(const std::vector<uint64_t>& tickets) {
  for (const uint64_t ticket : tickets) state_->engine.cancel(ticket);
}

void EngineHost::deliver() {
  std::vector<std::pair<std::shared_ptr<Mailbox>, Event>> events;
  {
    const std::lock_guard lock(state_->mutex);
    events.swap(state_->outbox);
  }
  for (auto& [to, event] : events) to->events.push_back(std::move(event));
  for (auto& [to, event] : events)
    if (to->ring) to->ring();
}

EngineNumbers EngineHost::numbers() const {
  const infer::EngineStats s = state_->engine.stats();
  const auto ended = [&](infer::Finish how) { return s.finished[static_cast<size_t>(how)]; };
  return {s.waiting,
          s.running,
          s.used_pages,
          s.total_pages,
          s.prompt_tokens,
          s.generated_tokens,
          ended(infer::Finish::stop),
          ended(infer::Finish::length),
          ended(infer::Finish::cancelled),
          ended(infer::Finish::error)};
}

bool EngineHost::failed() const { return state_->failed; }

void EngineHost::stop(bool drain) {
  State& s = *state_;
  if (!s.thread.joinable()) return;
  s.draining = drain;
  s.stopping = true;
  s.engine.wake();
  s.thread.join();
  if (s.error) std::rethrow_exception(std::exchange(s.error, nullptr));
}

}  // namespace ds::serve
